package history

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// Save writes a whole history to the file at path, in place of what is there.
// It is for histories that can be made again, such as those of simulations: of a
// live run there is only one, and Create refuses to overwrite it.
func (h *History) Save(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("history: save: %w", err)
	}
	if err := errors.Join(h.Write(f), f.Close()); err != nil {
		return fmt.Errorf("history: save %s: %w", path, err)
	}
	return nil
}

// Write is Save to a stream. Format and Version are filled in, and equal
// histories give equal bytes.
func (h *History) Write(w io.Writer) error {
	header := h.Header
	header.Format, header.Version = Format, Version
	to := bufio.NewWriter(w)
	encoder := json.NewEncoder(to)
	if err := encoder.Encode(header); err != nil {
		return fmt.Errorf("header: %w", err)
	}
	for i := range h.Events {
		if err := encoder.Encode(h.Events[i]); err != nil {
			return fmt.Errorf("event %d: %w", h.Events[i].Index, err)
		}
	}
	return to.Flush()
}
