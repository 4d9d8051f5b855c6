package docker

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// LabelImage is on every image that we make; its value is the binary's name.
const LabelImage = "com.ackproof.image"

// imageTagDigits of the binary's hash name its image.
const imageTagDigits = 12

// image is one static binary as an image: nothing else is in it.
type image struct {
	name   string // of the binary, such as ackbroker
	binary []byte
}

// reference names the image by what is in it, so that it is made once and never
// stale. The registry "localhost" keeps everybody from looking for it elsewhere,
// or under a prefix of the user's.
func (i image) reference() string {
	sum := sha256.Sum256(i.binary)
	return "localhost/ackproof/" + i.name + ":" + hex.EncodeToString(sum[:])[:imageTagDigits]
}

// images are the references of what a cluster runs.
type images struct{ broker, agent string }

// ensureImages makes the images that the engine does not have.
func (e *Engine) ensureImages(ctx context.Context, o Options) (images, error) {
	var made images
	var brokerErr, agentErr error
	var wait sync.WaitGroup
	wait.Go(func() { made.broker, brokerErr = e.imageOf(ctx, brokerName, o.Broker) })
	wait.Go(func() { made.agent, agentErr = e.imageOf(ctx, agentName, o.Agent) })
	wait.Wait()
	return made, flatten(errors.Join(brokerErr, agentErr))
}

// imageOf is the image of the binary at path, or of one that it builds.
func (e *Engine) imageOf(ctx context.Context, name, path string) (reference string, err error) {
	binary, err := loadBinary(ctx, name, path, e.Arch)
	if err != nil {
		return "", err
	}
	return e.ensureImage(ctx, binary)
}

// ensureImage makes the image unless the engine has it, and returns its
// reference. It takes no registry and no builder: the engine imports a tar of
// one file, as FROM scratch would be built.
func (e *Engine) ensureImage(ctx context.Context, i image) (string, error) {
	reference := i.reference()
	_, err := e.api.ImageInspect(ctx, reference)
	if err == nil {
		return reference, nil
	}
	if !errdefs.IsNotFound(err) {
		return "", fmt.Errorf("look for image %s: %w", reference, explain(err))
	}
	root, err := i.rootFS()
	if err != nil {
		return "", fmt.Errorf("make image %s: %w", reference, err)
	}
	if err := e.importImage(ctx, reference, i.name, root); err != nil {
		return "", fmt.Errorf("make image %s: %w", reference, explain(err))
	}
	e.removeOldImages(ctx, i.name)
	return reference, nil
}

func (e *Engine) importImage(ctx context.Context, reference, name string, root io.Reader) error {
	answer, err := e.api.ImageImport(ctx, client.ImageImportSource{Source: root, SourceName: "-"}, reference,
		client.ImageImportOptions{
			Changes:  []string{`ENTRYPOINT ["/` + name + `"]`, "LABEL " + LabelImage + "=" + name},
			Platform: ocispec.Platform{OS: "linux", Architecture: e.Arch},
		})
	if err != nil {
		return err
	}
	defer answer.Close()
	text, err := io.ReadAll(answer)
	if err != nil {
		return err
	}
	// Errors come inside of an answer that says 200 OK.
	if strings.Contains(string(text), `"errorDetail"`) {
		return fmt.Errorf("the engine says %s", bytes.TrimSpace(text))
	}
	return nil
}

// rootFS is the image's only layer.
func (i image) rootFS() (io.Reader, error) {
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	if err := w.WriteHeader(&tar.Header{Name: i.name, Mode: 0o755, Size: int64(len(i.binary))}); err != nil {
		return nil, err
	}
	if _, err := w.Write(i.binary); err != nil {
		return nil, err
	}
	return &layer, w.Close()
}
