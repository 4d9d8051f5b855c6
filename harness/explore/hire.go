package explore

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// worker is a process that simulates.
type worker struct {
	process *exec.Cmd
	in      io.WriteCloser
	encoder *json.Encoder
}

func (w *worker) give(j job) error {
	if err := w.encoder.Encode(j); err != nil {
		return fmt.Errorf("explore: a worker is gone: %w", err)
	}
	return nil
}

// end lets the worker finish and waits for it.
func (w *worker) end() {
	_ = w.in.Close()
	_ = w.process.Process.Kill() // what it had before it does not matter any more
	_ = w.process.Wait()
}

// hire starts a worker whose findings are sent on. It ignores Ctrl-C, which is
// ours to obey: see apart.
func hire(command []string, o orders, findings chan<- finding, failed chan<- error) (*worker, error) {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stderr = os.Stderr
	apart(cmd)
	in, err := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err := errors.Join(err, err2); err != nil {
		return nil, fmt.Errorf("explore: worker: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("explore: worker: %w", err)
	}
	w := &worker{process: cmd, in: in, encoder: json.NewEncoder(in)}
	go func() {
		decoder := json.NewDecoder(out)
		for {
			var f finding
			if err := decoder.Decode(&f); err != nil {
				failed <- fmt.Errorf("explore: a worker ended: %w", err)
				return
			}
			f.by = w
			findings <- f
		}
	}()
	if err := w.encoder.Encode(o); err != nil {
		w.end()
		return nil, fmt.Errorf("explore: a worker is gone: %w", err)
	}
	return w, nil
}
