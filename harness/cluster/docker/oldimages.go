package docker

import (
	"cmp"
	"context"
	"slices"
	"time"

	apiimage "github.com/moby/moby/api/types/image"
	"github.com/moby/moby/client"
)

const (
	// imagesKept is how many images of a binary are kept: somebody may go to and fro
	// between builds. Who misses an older one makes it again, from its binary.
	imagesKept = 3
	// imageGrace is for how long any is: a run that begins may be about to use it.
	imageGrace = time.Hour
)

// removeOldImages removes what older binaries left, as far as nobody uses it. It
// is housekeeping: what it cannot do is no reason to fail a run.
func (e *Engine) removeOldImages(ctx context.Context, name string) {
	found, err := e.api.ImageList(ctx, client.ImageListOptions{Filters: make(client.Filters).Add("label", LabelImage+"="+name)})
	if err != nil {
		return
	}
	for _, id := range oldImages(found.Items, time.Now()) {
		_, _ = e.api.ImageRemove(ctx, id, client.ImageRemoveOptions{})
	}
}

// oldImages picks from the images of a binary those that nobody will use again. One
// without a name has lost it to its like: two processes have made the same at once.
func oldImages(found []apiimage.Summary, now time.Time) (ids []string) {
	found = slices.SortedFunc(slices.Values(found), func(a, b apiimage.Summary) int { return cmp.Compare(b.Created, a.Created) })
	named := 0
	for _, i := range found {
		nameless := !slices.ContainsFunc(i.RepoTags, func(tag string) bool { return tag != noTag })
		if !nameless {
			named++
		}
		if nameless || named > imagesKept && now.Sub(time.Unix(i.Created, 0)) > imageGrace {
			ids = append(ids, i.ID)
		}
	}
	return ids
}

// noTag is what older engines tell of an image without a name.
const noTag = "<none>:<none>"
