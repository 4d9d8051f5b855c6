// Package data measures and removes what a broker keeps on its volume, which
// the agent mounts beside it.
//
// It promises that a directory stays when its content is wiped, and that what
// vanishes meanwhile is no error: the broker may be running. It assumes that
// nobody else writes into a directory that is being wiped.
package data

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Size sums the sizes of the files under dir, in bytes. A directory that does
// not exist is empty.
func Size(dir string) (int64, error) {
	var sum int64
	err := filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			var info fs.FileInfo
			if info, err = entry.Info(); err == nil {
				sum += info.Size()
			}
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("measure data: %w", err)
	}
	return sum, nil
}

// Wipe removes all that is in dir.
func Wipe(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("wipe data: %w", err)
	}
	for _, entry := range entries {
		if err := os.RemoveAll(filepath.Join(dir, entry.Name())); err != nil {
			return fmt.Errorf("wipe data: %w", err)
		}
	}
	return nil
}
