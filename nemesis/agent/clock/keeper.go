package clock

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Target is a process whose clock a Keeper keeps wrong.
type Target struct {
	PID  int
	Name string
	// Forked tells that it still runs the program of the process that forked it,
	// and may share its memory.
	Forked bool
	// Starting tells that it is a container runtime that has yet to become the
	// container's program.
	Starting bool
}

// Keeper keeps the clocks of all targets as a fault says, also of those that
// start later or become another program. What a container runtime starts is
// skewed from its first instruction on; what something else starts, from the
// next Reconcile on.
type Keeper struct {
	targets func() ([]Target, error)

	mu        sync.Mutex
	fault     Fault
	since     time.Time
	inForce   bool
	processes map[int]*kept
	catching  map[int]bool
	// ctx ends with the fault, and its catching with it.
	ctx     context.Context
	stop    context.CancelFunc
	catches sync.WaitGroup
}

// kept is a process with the setting that it has.
type kept struct {
	*Process
	target  Target
	setting Setting
}

// NewKeeper keeps nothing wrong yet. targets lists what a fault is for; it is
// called by Set and Reconcile, and what it no longer lists is healed.
func NewKeeper(targets func() ([]Target, error)) *Keeper {
	return &Keeper{targets: targets, processes: map[int]*kept{}, catching: map[int]bool{}, stop: func() {}}
}

// Set brings a fault into force, from now on, and returns when all targets have
// it. The fault that is in force already goes on as it is. It reports whether
// there was anything to do.
func (k *Keeper) Set(f Fault) (changed bool, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := (Setting{Offset: f.Offset, Rate: f.Rate}).Validate(); err != nil {
		return false, err
	}
	if err := (Setting{Offset: f.Offset + f.Strobe}).Validate(); err != nil {
		return false, fmt.Errorf("with strobe: %w", err)
	}
	if !k.inForce || f != k.fault {
		k.stop()
		k.ctx, k.stop = context.WithCancel(context.Background())
		k.fault, k.since, k.inForce = f, time.Now(), true
		changed = true
	}
	return changed, k.reconcile()
}

// Heal makes all clocks the host's and returns when they are.
func (k *Keeper) Heal() (changed bool, err error) {
	k.mu.Lock()
	k.stop()
	changed, k.inForce = k.inForce, false
	k.mu.Unlock()
	k.catches.Wait()
	k.mu.Lock()
	defer k.mu.Unlock()
	var errs []error
	for pid, p := range k.processes {
		errs = append(errs, k.release(pid, p))
	}
	return changed, errors.Join(errs...)
}

// Reconcile gives the fault that is in force to targets that have appeared, and
// moves a strobing clock. It is to be called at least every strobe period.
func (k *Keeper) Reconcile() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.reconcile()
}

func (k *Keeper) reconcile() error {
	if !k.inForce {
		return nil
	}
	targets, err := k.targets()
	if err != nil {
		return err
	}
	listed := map[int]bool{}
	var errs []error
	for _, target := range targets {
		listed[target.PID] = true
		if err := k.keep(target); err != nil && !errors.Is(err, ErrGone) {
			errs = append(errs, err)
		}
	}
	for pid, p := range k.processes {
		if !listed[pid] {
			errs = append(errs, k.release(pid, p))
		}
	}
	return errors.Join(errs...)
}

// release makes a clock the host's, and forgets the process unless that failed.
func (k *Keeper) release(pid int, p *kept) error {
	if err := p.Apply(Setting{}); err != nil && !errors.Is(err, ErrGone) {
		return err
	}
	k.forget(pid, p)
	return nil
}

func (k *Keeper) forget(pid int, p *kept) {
	_ = p.Close() // a descriptor that was only read and written at offsets
	delete(k.processes, pid)
}

// keep gives one target the setting of the moment.
func (k *Keeper) keep(target Target) error {
	if k.catching[target.PID] {
		return nil
	}
	if target.Starting {
		k.catch(target) // the memory that it has now may be the runtime's own
		return nil
	}
	p := k.processes[target.PID]
	// What has become another program is gone, unless another process keeps the
	// memory: then only that it was forked before tells.
	if p != nil && (p.Gone() || p.target.Forked && !target.Forked) {
		k.forget(target.PID, p)
		p = nil
	}
	if p == nil {
		taken, err := Install(target.PID)
		if err != nil {
			return err
		}
		p = &kept{Process: taken}
		k.processes[target.PID] = p
	}
	p.target = target
	setting := k.now()
	if p.setting == setting {
		return nil
	}
	if err := p.Apply(setting); err != nil {
		return err
	}
	p.setting = setting
	return nil
}

func (k *Keeper) now() Setting { return k.fault.setting(k.since, time.Now()) }

// catch waits beside for a container runtime to become the container's program.
func (k *Keeper) catch(target Target) {
	k.catching[target.PID] = true
	ctx, fault, since := k.ctx, k.fault, k.since
	k.catches.Go(func() {
		setting := Setting{}
		caught, err := InstallAtExec(ctx, target.PID, func() Setting {
			setting = fault.setting(since, time.Now())
			return setting
		})
		k.mu.Lock()
		defer k.mu.Unlock()
		delete(k.catching, target.PID)
		if err == nil { // else it ended, or Reconcile will try and tell
			k.processes[target.PID] = &kept{Process: caught, target: Target{PID: target.PID, Name: target.Name}, setting: setting}
		}
	})
}

// Kept is one process's clock, read back.
type Kept struct {
	Target
	Reading Reading
	Err     error // why it could not be read
}

// Read reads all clocks that are kept back, in no order.
func (k *Keeper) Read() []Kept {
	k.mu.Lock()
	defer k.mu.Unlock()
	var read []Kept
	for _, p := range k.processes {
		reading, err := p.Read()
		if errors.Is(err, ErrGone) {
			continue
		}
		read = append(read, Kept{Target: p.target, Reading: reading, Err: err})
	}
	return read
}
