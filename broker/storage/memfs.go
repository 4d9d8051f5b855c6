package storage

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// Op names a call of the file-system seam, for injecting failures.
type Op string

// The calls that MemFS can be told to fail.
const (
	OpOpen     Op = "open"
	OpRemove   Op = "remove"
	OpRename   Op = "rename"
	OpSyncDir  Op = "syncdir"
	OpAppend   Op = "append"
	OpRead     Op = "read"
	OpWriteAt  Op = "writeat"
	OpTruncate Op = "truncate"
	OpSync     Op = "sync"
)

const rootDir = "."

// MemFS is a file system in memory that knows what a power loss would leave: a
// file's content as of its last Sync, a directory's names as of its last
// SyncDir. Unlike a real disk it is for one goroutine, Sync included.
type MemFS struct {
	live     map[string]*memNode
	durable  map[string]*memNode
	life     int // grows with every crash; handles of an earlier life are dead
	space    int64
	bounded  bool
	failures map[Op][]injected
	failing  map[Op]error // each call, until FailNoMore
	refused  int64
	// Interrupt, unless nil, is called before every change of the disk; a panic of
	// it leaves the disk as it is.
	Interrupt func()
}

type injected struct {
	err  error
	keep int // bytes of an append that reach the file before it fails
}

// memNode is a file or a directory; the same node under another name is a rename.
type memNode struct {
	dir       bool
	data      []byte
	synced    []byte
	dirtyFrom int // data below this is equal to synced
}

// NewMemFS makes an empty file system of unlimited size.
func NewMemFS() *MemFS {
	return &MemFS{
		live:     map[string]*memNode{},
		durable:  map[string]*memNode{},
		failures: map[Op][]injected{},
		failing:  map[Op]error{},
	}
}

// FailNext makes the next call of this kind fail; several queue up, and a nil
// error lets one pass.
func (m *MemFS) FailNext(op Op, err error) {
	m.failures[op] = append(m.failures[op], injected{err: err})
}

// FailNextAppend makes the next append fail after keep of its bytes were
// written and stay, as when truncating back fails too.
func (m *MemFS) FailNextAppend(keep int, err error) {
	m.failures[OpAppend] = append(m.failures[OpAppend], injected{err: err, keep: keep})
}

// FillUp lets files grow by n more bytes and then answers ErrNoSpace.
func (m *MemFS) FillUp(n int64) { m.space, m.bounded = n, true }

// FailEach makes each call of this kind fail from now on.
func (m *MemFS) FailEach(op Op, err error) { m.failing[op] = err }

// FailNoMore takes back what FailNext, FailNextAppend and FailEach have left.
func (m *MemFS) FailNoMore() {
	clear(m.failures)
	clear(m.failing)
}

// Refused counts the calls that failed because they were told to, or for want of
// space.
func (m *MemFS) Refused() int64 { return m.refused }

// FreeUp ends a FillUp.
func (m *MemFS) FreeUp() { m.bounded = false }

// Crash is a power loss: unsynced data and unsynced names are gone, open files
// are dead.
func (m *MemFS) Crash() {
	m.CrashTorn(func(_ string, synced, _ []byte) []byte { return synced })
}

// CrashTorn is a power loss in which surviving decides what is left of each
// file that kept its name, given what was synced and what was written.
func (m *MemFS) CrashTorn(surviving func(name string, synced, written []byte) []byte) {
	m.life++
	next := map[string]*memNode{}
	// In order: surviving may draw what is left.
	for _, name := range slices.Sorted(maps.Keys(m.durable)) {
		node := m.durable[name]
		if !m.reachable(name) {
			continue
		}
		left := &memNode{dir: node.dir}
		if !node.dir {
			left.data = slices.Clone(surviving(name, node.synced, node.data))
			left.synced = slices.Clone(left.data)
			left.dirtyFrom = len(left.data)
		}
		next[name] = left
	}
	m.live, m.durable = next, map[string]*memNode{}
	for name, node := range next {
		m.durable[name] = node
	}
}

// reachable tells whether every directory above a durable name is durable too.
func (m *MemFS) reachable(name string) bool {
	for dir := path.Dir(name); !isRoot(dir); dir = path.Dir(dir) {
		if node := m.durable[dir]; node == nil || !node.dir {
			return false
		}
	}
	return true
}

func isRoot(dir string) bool { return dir == rootDir || dir == "/" }

func (m *MemFS) takeFailure(op Op) (injected, bool) {
	if err := m.failing[op]; err != nil {
		m.refused++
		return injected{err: err}, true
	}
	queue := m.failures[op]
	if len(queue) == 0 {
		return injected{}, false
	}
	m.failures[op] = queue[1:]
	failing := queue[0].err != nil
	if failing {
		m.refused++
	}
	return queue[0], failing
}

func (m *MemFS) fail(op Op, name string) error {
	if m.Interrupt != nil && op != OpRead && op != OpSync && op != OpSyncDir {
		m.Interrupt()
	}
	if f, ok := m.takeFailure(op); ok {
		return fmt.Errorf("%s %s: %w", op, name, f.err)
	}
	return nil
}

// OpenFile implements FS.
func (m *MemFS) OpenFile(name string) (File, error) {
	name = path.Clean(name)
	if err := m.fail(OpOpen, name); err != nil {
		return nil, err
	}
	if dir := path.Dir(name); !isRoot(dir) && (m.live[dir] == nil || !m.live[dir].dir) {
		return nil, fmt.Errorf("open %s: %w", name, ErrNotExist)
	}
	node := m.live[name]
	if node == nil {
		node = &memNode{}
		m.live[name] = node
	}
	if node.dir {
		return nil, fmt.Errorf("open %s: is a directory", name)
	}
	return &memFile{fs: m, node: node, name: name, life: m.life}, nil
}

// Remove implements FS.
func (m *MemFS) Remove(name string) error {
	name = path.Clean(name)
	if err := m.fail(OpRemove, name); err != nil {
		return err
	}
	delete(m.live, name)
	return nil
}

// RemoveAll implements FS.
func (m *MemFS) RemoveAll(dir string) error {
	dir = path.Clean(dir)
	if err := m.fail(OpRemove, dir); err != nil {
		return err
	}
	delete(m.live, dir)
	deleteBelow(m.live, dir)
	return nil
}

func deleteBelow(names map[string]*memNode, dir string) {
	below := dir + "/"
	for name := range names {
		if strings.HasPrefix(name, below) {
			delete(names, name)
		}
	}
}

// Rename implements FS.
func (m *MemFS) Rename(from, to string) error {
	from, to = path.Clean(from), path.Clean(to)
	if err := m.fail(OpRename, from); err != nil {
		return err
	}
	node := m.live[from]
	if node == nil {
		return fmt.Errorf("rename %s: %w", from, ErrNotExist)
	}
	delete(m.live, from)
	m.live[to] = node
	if node.dir {
		m.moveBelow(from, to)
	}
	return nil
}

func (m *MemFS) moveBelow(from, to string) {
	moved := map[string]*memNode{}
	for name, node := range m.live {
		if rest, ok := strings.CutPrefix(name, from+"/"); ok {
			moved[to+"/"+rest] = node
		}
	}
	deleteBelow(m.live, from)
	maps.Copy(m.live, moved)
}

// List implements FS.
func (m *MemFS) List(dir string) ([]string, error) {
	dir = path.Clean(dir)
	var names []string
	for name := range m.live {
		if path.Dir(name) == dir {
			names = append(names, path.Base(name))
		}
	}
	slices.Sort(names)
	return names, nil
}

// MkdirAll implements FS.
func (m *MemFS) MkdirAll(dir string) error {
	for dir = path.Clean(dir); !isRoot(dir); dir = path.Dir(dir) {
		if node := m.live[dir]; node == nil {
			m.live[dir] = &memNode{dir: true}
		} else if !node.dir {
			return fmt.Errorf("mkdir %s: is a file", dir)
		}
	}
	return nil
}

// SyncDir implements FS.
func (m *MemFS) SyncDir(dir string) error {
	dir = path.Clean(dir)
	if err := m.fail(OpSyncDir, dir); err != nil {
		return err
	}
	var gone []string
	for name, node := range m.durable {
		if path.Dir(name) == dir && m.live[name] != node {
			gone = append(gone, name)
		}
	}
	for _, name := range gone {
		delete(m.durable, name)
		deleteBelow(m.durable, name)
	}
	for name, node := range m.live {
		if path.Dir(name) == dir {
			m.durable[name] = node
		}
	}
	return nil
}

// Exists implements FS.
func (m *MemFS) Exists(name string) (bool, error) {
	return m.live[path.Clean(name)] != nil, nil
}

// Dirs lists all directories, in order.
func (m *MemFS) Dirs() (dirs []string) {
	for name, node := range m.live {
		if node.dir {
			dirs = append(dirs, name)
		}
	}
	slices.Sort(dirs)
	return dirs
}

// Size is the bytes of all files below a directory.
func (m *MemFS) Size(dir string) (bytes int64) {
	for name, node := range m.live {
		if strings.HasPrefix(name, path.Clean(dir)+"/") {
			bytes += int64(len(node.data))
		}
	}
	return bytes
}
