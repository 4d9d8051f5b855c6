package server

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker"
	"github.com/ackproof/ackproof/broker/storage"
)

// heldFile is a file whose sync lasts until it is released.
type heldFile struct {
	storage.File
	release chan error
}

func newHeldFile() heldFile { return heldFile{release: make(chan error)} }

func (f heldFile) Sync() error { return <-f.release }
func (heldFile) Name() string  { return "held" }

func TestSyncDoneComesAfterEveryFile(t *testing.T) {
	inWorld(t, &scriptedCore{}, func(w *world) {
		a, b, c := newHeldFile(), newHeldFile(), newHeldFile()
		w.do(broker.Sync{Token: 1, Files: []storage.File{a, b}}, broker.Sync{Token: 2, Files: []storage.File{c}})
		c.release <- nil
		synctest.Wait()
		require.Equal(t, []broker.SyncDone{{Token: 2}}, inputs[broker.SyncDone](w), "tokens do not wait for each other")
		b.release <- nil
		synctest.Wait()
		require.Len(t, inputs[broker.SyncDone](w), 1)
		a.release <- nil
		synctest.Wait()
		require.Equal(t, []broker.SyncDone{{Token: 2}, {Token: 1}}, inputs[broker.SyncDone](w))
	})
}

func TestSyncErrorReachesTheCore(t *testing.T) {
	failed := errors.New("input/output error")
	inWorld(t, &scriptedCore{}, func(w *world) {
		good, bad := newHeldFile(), newHeldFile()
		w.do(broker.Sync{Token: 1, Files: []storage.File{good, bad}})
		good.release <- nil
		bad.release <- failed
		synctest.Wait()
		done := inputs[broker.SyncDone](w)
		require.Len(t, done, 1)
		require.ErrorIs(t, done[0].Err, failed)
		require.ErrorContains(t, done[0].Err, "sync held: ")
	})
}

// failingDirs is a file system whose directories cannot be synced.
type failingDirs struct {
	storage.FS
	err    error
	synced *[]string
}

func (f failingDirs) SyncDir(dir string) error {
	*f.synced = append(*f.synced, dir)
	return f.err
}

func TestDirectoriesAreSyncedAfterTheirFiles(t *testing.T) {
	inWorld(t, &scriptedCore{}, func(w *world) {
		var synced []string
		w.driver.syncer.fs = failingDirs{synced: &synced}
		f := newHeldFile()
		w.do(broker.Sync{Token: 1, Files: []storage.File{f}, Dirs: []string{"d", "e"}})
		require.Empty(t, synced)
		f.release <- nil
		synctest.Wait()
		require.Equal(t, []string{"d", "e"}, synced)
		require.Equal(t, []broker.SyncDone{{Token: 1}}, inputs[broker.SyncDone](w))

		w.driver.syncer.fs = failingDirs{synced: &synced, err: storage.ErrNoSpace}
		w.do(broker.Sync{Token: 2, Dirs: []string{"d"}})
		require.ErrorIs(t, inputs[broker.SyncDone](w)[1].Err, storage.ErrNoSpace)
	})
}
