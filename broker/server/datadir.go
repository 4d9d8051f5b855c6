package server

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/ackproof/ackproof/broker"
	"github.com/ackproof/ackproof/broker/storage"
	"github.com/ackproof/ackproof/broker/storage/osfs"
)

// The files that say whose a data directory is, and that it is in use.
const (
	metaFile = "meta.properties"
	lockFile = ".lock"
)

// dataDir is a directory that only one broker may use, at any time and ever.
type dataDir struct{ property, path string }

// claimDirs takes the data directories of a broker, which is told by the
// directories' meta.properties from every other one: two brokers in one
// directory, one after the other or at once, would each destroy what the other
// has acknowledged. Directories of another broker are not touched. The claim
// holds until release or the end of the process.
func claimDirs(cfg broker.Config) (release func(), err error) {
	dirs := []dataDir{{"log.dirs", cfg.LogDir}, {"metadata.log.dir", cfg.MetadataDir}}
	for _, d := range dirs {
		if _, err := d.checkOwner(cfg); err != nil {
			return nil, err
		}
	}
	var locks []*os.File
	release = func() {
		for _, l := range locks {
			_ = l.Close() // nothing was written: only the lock goes
		}
	}
	for _, d := range dirs {
		lock, err := d.claim(cfg)
		if err != nil {
			release()
			return nil, err
		}
		locks = append(locks, lock)
	}
	return release, nil
}

// claim locks the directory and writes its owner down if it is new.
func (d dataDir) claim(cfg broker.Config) (lock *os.File, err error) {
	if err := makeDir(d.path); err != nil {
		return nil, fmt.Errorf("property %q: %w", d.property, err)
	}
	file, err := os.OpenFile(filepath.Join(d.path, lockFile), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("property %q: %w", d.property, err)
	}
	defer func() {
		if err != nil {
			_ = file.Close()
		}
	}()
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, badConfig("property %q: %s is in use by another live broker", d.property, d.path)
	} else if err != nil {
		return nil, fmt.Errorf("property %q: lock %s: %w", d.property, d.path, err)
	}
	// Somebody may have claimed it between the first look and the lock.
	owned, err := d.checkOwner(cfg)
	if err != nil || owned {
		return file, err
	}
	meta := fmt.Sprintf("version=1\ncluster.id=%s\nnode.id=%d\n", cfg.ClusterID, cfg.NodeID)
	if err := storage.WriteFileAtomic(osfs.New(), filepath.Join(d.path, metaFile), []byte(meta), true); err != nil {
		return nil, fmt.Errorf("property %q: %w", d.property, err)
	}
	return file, nil
}

// checkOwner tells whether the directory is this broker's, or nobody's yet.
func (d dataDir) checkOwner(cfg broker.Config) (owned bool, err error) {
	path := filepath.Join(d.path, metaFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("property %q: %w", d.property, err)
	}
	meta := map[string]string{}
	err = eachProperty(string(text), path, func(name, value, _ string) error {
		meta[name] = value
		return nil
	})
	if err != nil {
		return false, err
	}
	for _, want := range []struct{ name, value string }{
		{"version", "1"},
		{"cluster.id", cfg.ClusterID},
		{"node.id", strconv.Itoa(int(cfg.NodeID))},
	} {
		if got := meta[want.name]; got != want.value {
			return false, badConfig("property %q: %s has %s %q in its %s, not %q",
				d.property, d.path, want.name, got, metaFile, want.value)
		}
	}
	return true, nil
}

// makeDir makes a directory that survives a power loss, together with those
// above it.
func makeDir(path string) error {
	if _, err := os.Stat(path); err == nil || !errors.Is(err, os.ErrNotExist) {
		return err
	}
	parent := filepath.Dir(path)
	if err := makeDir(parent); err != nil {
		return err
	}
	if err := os.Mkdir(path, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return osfs.New().SyncDir(parent)
}
