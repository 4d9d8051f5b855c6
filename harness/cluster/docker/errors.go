package docker

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"
)

// ErrGone is the error of an engine that answered once and does not any more.
var ErrGone = errors.New("the Docker engine is gone")

// The errors that a user meets and can do something about.
var (
	ErrPortTaken = errors.New("port is taken")
	ErrNameTaken = errors.New("name is taken")
	ErrDiskFull  = errors.New("the Docker engine's disk is full")
	ErrNoImage   = errors.New("image is missing")
)

// flat is an error on one line, as joined errors and those of the engine are
// not.
type flat struct{ error }

func (f flat) Error() string {
	return strings.Join(strings.FieldsFunc(f.error.Error(), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}

func (f flat) Unwrap() error { return f.error }

func flatten(err error) error {
	if err == nil {
		return nil
	}
	return flat{err}
}

// The engine tells these apart only in its texts, which have been the same for
// ten years. The second form of the taken port is that of docker-proxy.
var (
	portTaken = regexp.MustCompile(`Bind for (\S+) failed: port is already allocated|listen tcp4? (\S+): bind: address already in use`)
	nameTaken = regexp.MustCompile(`The container name "/?([^"]+)" is already in use|network with name (\S+) already exists`)
	diskFull  = regexp.MustCompile(`no space left on device`)
	noImage   = regexp.MustCompile(`(?i)no such image: (\S+)`)
)

// explain turns an error of the engine into one line that a user understands.
func explain(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	switch found := portTaken.FindStringSubmatch(text); {
	case found != nil:
		return fmt.Errorf("%w: %s", ErrPortTaken, found[1]+found[2])
	case errors.Is(err, ErrDiskFull), errors.Is(err, ErrGone): // it is explained
		return flatten(err)
	case diskFull.MatchString(text):
		return flatten(fmt.Errorf("%w: %w", ErrDiskFull, err))
	case gone(err):
		return flatten(fmt.Errorf("%w: %w", ErrGone, err))
	}
	if found := nameTaken.FindStringSubmatch(text); found != nil {
		return fmt.Errorf("%w: %s", ErrNameTaken, found[1]+found[2])
	}
	if found := noImage.FindStringSubmatch(text); found != nil {
		return fmt.Errorf("%w: %s", ErrNoImage, found[1])
	}
	return flatten(err)
}

// gone tells whether the engine did not answer, other than because we stopped
// waiting.
func gone(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	return client.IsErrConnectionFailed(err) || errdefs.IsUnavailable(err)
}
