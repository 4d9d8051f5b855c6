package clock

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"time"
)

// Answer is the program that Probe skews: it answers every line with the time
// it reads, as nanoseconds of Unix time.
func Answer(in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		if _, err := fmt.Fprintln(out, time.Now().UnixNano()); err != nil {
			return err
		}
	}
	return lines.Err()
}

// Probe tells whether clocks can be skewed here: it starts a command that calls
// Answer, skews it, and asks it for the time. The error says what is missing.
func Probe(command *exec.Cmd) error {
	if err := Supported(); err != nil {
		return err
	}
	in, err := command.StdinPipe()
	if err != nil {
		return fmt.Errorf("probe: %w", err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		return fmt.Errorf("probe: %w", err)
	}
	if err := command.Start(); err != nil {
		return fmt.Errorf("probe: %w", err)
	}
	skewed := skewAndAsk(command.Process.Pid, in, bufio.NewReader(out))
	// However the command ends: it has done its work, or skewed says why not.
	_ = in.Close()
	_ = command.Process.Kill()
	_ = command.Wait()
	return skewed
}

func skewAndAsk(pid int, in io.Writer, out *bufio.Reader) error {
	ask := func() (time.Time, error) {
		var ns int64
		if _, err := fmt.Fprintln(in); err != nil {
			return time.Time{}, err
		}
		if _, err := fmt.Fscanln(out, &ns); err != nil {
			return time.Time{}, err
		}
		return time.Unix(0, ns), nil
	}
	// Its answer says that it runs the program, and is not about to become it.
	if _, err := ask(); err != nil {
		return fmt.Errorf("probe: the command does not tell the time: %w", err)
	}
	process, err := Install(pid)
	if err != nil {
		return err
	}
	defer func() { _ = process.Close() }()
	const offset = time.Hour
	if err := process.Set(offset, 1); err != nil {
		return err
	}
	before := time.Now().Add(offset)
	told, err := ask()
	if err != nil {
		return fmt.Errorf("probe: skewed, the command ended: %w", err)
	}
	if told.Before(before) || told.After(time.Now().Add(offset)) {
		return fmt.Errorf("a clock set to %v read %v: this kernel's vDSO is not the one that is used", before, told)
	}
	return nil
}
