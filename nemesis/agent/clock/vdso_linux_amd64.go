package clock

import (
	"bufio"
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// vdso is the vDSO of a process: the shared object that the kernel maps into it.
type vdso struct {
	memory *os.File // the process's; it stays that of the program now running
	start  int64
	image  []byte
	// functions are the addresses of those that it exports, from start.
	functions map[string]int
}

// openVDSO finds it. The caller closes memory.
func openVDSO(pid int) (*vdso, error) {
	memory, err := os.OpenFile(procPath(pid, "mem"), os.O_RDWR, 0)
	if err != nil {
		return nil, openError(err)
	}
	v := &vdso{memory: memory}
	if err := v.read(pid); err != nil {
		_ = memory.Close()
		return nil, err
	}
	return v, nil
}

func procPath(pid int, name string) string { return "/proc/" + strconv.Itoa(pid) + "/" + name }

func openError(err error) error {
	switch {
	case errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ESRCH):
		return ErrGone
	case errors.Is(err, os.ErrPermission):
		return fmt.Errorf("its memory needs the right to trace it (CAP_SYS_PTRACE): %w", err)
	}
	return err
}

func (v *vdso) read(pid int) error {
	start, size, err := findVDSO(pid)
	if err != nil {
		return err
	}
	v.start = start
	v.image = make([]byte, size)
	if err := readMemory(v.memory, v.image, start); err != nil {
		return fmt.Errorf("read vDSO: %w", err)
	}
	v.functions, err = exported(v.image)
	return err
}

// findVDSO looks it up among the process's mappings.
func findVDSO(pid int) (start int64, size int, err error) {
	maps, err := os.Open(procPath(pid, "maps"))
	if err != nil {
		return 0, 0, openError(err)
	}
	defer func() { _ = maps.Close() }()
	lines := bufio.NewScanner(maps)
	mapped := false
	for lines.Scan() {
		mapped = true
		if !strings.HasSuffix(lines.Text(), "[vdso]") {
			continue
		}
		var end int64
		if _, err := fmt.Sscanf(lines.Text(), "%x-%x", &start, &end); err != nil {
			return 0, 0, fmt.Errorf("mapping %q: %w", lines.Text(), err)
		}
		return start, int(end - start), nil
	}
	if err := lines.Err(); err != nil {
		return 0, 0, openError(err)
	}
	if !mapped {
		return 0, 0, ErrGone // it is ending: its memory goes first
	}
	return 0, 0, errors.New("it has no vDSO: it reads the time by system calls")
}

// exported reads the image's own table of functions.
func exported(image []byte) (map[string]int, error) {
	file, err := elf.NewFile(bytes.NewReader(image))
	if err != nil {
		return nil, fmt.Errorf("vDSO: %w", err)
	}
	if file.Class != elf.ELFCLASS64 || file.Machine != elf.EM_X86_64 {
		return nil, fmt.Errorf("vDSO for %v: allowed is %v of 64 bits", file.Machine, elf.EM_X86_64)
	}
	symbols, err := file.DynamicSymbols()
	if err != nil {
		return nil, fmt.Errorf("vDSO: %w", err)
	}
	functions := map[string]int{}
	for _, s := range symbols {
		if elf.ST_TYPE(s.Info) == elf.STT_FUNC && s.Value < uint64(len(image)) {
			functions[s.Name] = int(s.Value)
		}
	}
	return functions, nil
}

// unused finds room for size bytes behind the image's last content, in the
// page that the kernel had to map as a whole.
func unused(image []byte, size int) (at int, err error) {
	const margin, alignment = 16, 16 // the last content may end in zeros
	last := len(bytes.TrimRight(image, "\x00"))
	at = (last + margin + alignment - 1) &^ (alignment - 1)
	if at+size > len(image) {
		return 0, fmt.Errorf("vDSO has %d unused bytes: needed are %d", max(len(image)-at, 0), size)
	}
	return at, nil
}

// readMemory reads all of b, or ErrGone: the memory of a program that ended
// reads as empty.
func readMemory(memory *os.File, b []byte, at int64) error {
	_, err := memory.ReadAt(b, at)
	if errors.Is(err, io.EOF) {
		return ErrGone
	}
	return err
}

// writeMemory writes although the page is not writable: to the owner of the
// right to trace, /proc/pid/mem is what a debugger sets breakpoints with. The
// page is copied for the process at the first write.
func writeMemory(memory *os.File, b []byte, at int64) error {
	n, err := memory.WriteAt(b, at)
	if n == 0 && (err == nil || errors.Is(err, io.EOF)) {
		return ErrGone
	}
	return err
}
