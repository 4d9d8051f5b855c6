package server

import (
	"errors"
	"fmt"
	"time"

	"github.com/ackproof/ackproof/broker"
	"github.com/ackproof/ackproof/broker/storage"
)

// maxSyncs bounds the fsyncs that run at once: each holds a thread.
const maxSyncs = 16

// syncer makes files durable off the core's path.
type syncer struct {
	fs      storage.FS
	submit  func(broker.Input)
	observe func(time.Duration)
	slots   chan struct{}
}

func newSyncer(fs storage.FS, submit func(broker.Input), observe func(time.Duration)) *syncer {
	return &syncer{fs: fs, submit: submit, observe: observe, slots: make(chan struct{}, maxSyncs)}
}

// sync answers with a SyncDone.
func (s *syncer) sync(e broker.Sync) {
	go func() { s.submit(broker.SyncDone{Token: e.Token, Err: s.run(e)}) }()
}

// run syncs files before directories: a durable name of a file whose content is
// not would be worse than no name.
func (s *syncer) run(e broker.Sync) error {
	errs := make(chan error, len(e.Files))
	for _, f := range e.Files {
		go func() { errs <- s.syncFile(f) }()
	}
	var err error
	for range e.Files {
		err = errors.Join(err, <-errs)
	}
	if err != nil {
		return err
	}
	for _, dir := range e.Dirs {
		if err := s.fs.SyncDir(dir); err != nil {
			return fmt.Errorf("sync directory %s: %w", dir, err)
		}
	}
	return nil
}

func (s *syncer) syncFile(f storage.File) error {
	s.slots <- struct{}{}
	defer func() { <-s.slots }()
	began := time.Now()
	if err := f.Sync(); err != nil {
		return fmt.Errorf("sync %s: %w", f.Name(), err)
	}
	s.observe(time.Since(began))
	return nil
}
