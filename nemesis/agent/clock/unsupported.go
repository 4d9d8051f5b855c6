//go:build !linux || !amd64

package clock

import (
	"context"
	"time"
)

// Supported tells why clocks cannot be skewed by this build; nil if they can.
func Supported() error { return ErrUnsupported }

// Process would be a process whose wall clock is ours.
type Process struct{}

// Install answers ErrUnsupported.
func Install(int) (*Process, error) { return nil, ErrUnsupported }

// InstallAtExec answers ErrUnsupported.
func InstallAtExec(context.Context, int, func() Setting) (*Process, error) {
	return nil, ErrUnsupported
}

// Set answers ErrUnsupported.
func (p *Process) Set(time.Duration, float64) error { return ErrUnsupported }

// Apply answers ErrUnsupported.
func (p *Process) Apply(Setting) error { return ErrUnsupported }

// Read answers ErrUnsupported.
func (p *Process) Read() (Reading, error) { return Reading{}, ErrUnsupported }

// Gone is true: there never was one.
func (p *Process) Gone() bool { return true }

// PID is 0.
func (p *Process) PID() int { return 0 }

// Close does nothing.
func (p *Process) Close() error { return nil }
