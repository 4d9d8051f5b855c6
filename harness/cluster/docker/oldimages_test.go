package docker

import (
	"testing"
	"time"

	apiimage "github.com/moby/moby/api/types/image"
	"github.com/stretchr/testify/require"
)

func TestImagesOfOlderBuildsAreRemoved(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	made := func(id string, ago time.Duration, tags ...string) apiimage.Summary {
		return apiimage.Summary{ID: id, Created: now.Add(-ago).Unix(), RepoTags: tags}
	}
	require.Equal(t, []string{"nameless", "nameless too", "fourth"}, oldImages([]apiimage.Summary{
		made("fourth", 5*time.Hour, "localhost/ackproof/faultd:4"),
		made("third", 4*time.Hour, "localhost/ackproof/faultd:3"),
		made("nameless too", 3*time.Hour, noTag),
		made("second", 2*time.Hour, "localhost/ackproof/faultd:2"),
		made("nameless", time.Minute),
		made("first", 0, "localhost/ackproof/faultd:1"),
	}, now))

	// A build every ten minutes: none is of a run that may just begin with it.
	var today []apiimage.Summary
	for i := range 7 {
		today = append(today, made("today", time.Duration(i)*10*time.Minute, "localhost/ackproof/faultd:x"))
	}
	require.Empty(t, oldImages(today, now))
	require.Empty(t, oldImages(nil, now))
}
