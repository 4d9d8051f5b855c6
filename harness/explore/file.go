package explore

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/ackproof/ackproof/nemesis"
)

// Load reads a case from a file. Its error is one line that names the file.
func Load(path string) (Case, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Case{}, fmt.Errorf("load case: %w", err)
	}
	c, err := parse(data)
	if err != nil {
		return Case{}, fmt.Errorf("load case %s: %w", path, err)
	}
	return c, nil
}

// parse decodes strictly: a misspelt field must not turn into a default.
func parse(data []byte) (Case, error) {
	// Format and version are read first and alone: what else stands in a file
	// of another version is that version's business.
	var header struct {
		Format  string `json:"format"`
		Version int    `json:"version"`
	}
	if err := json.Unmarshal(data, &header); err != nil {
		return Case{}, nemesis.ExplainJSON(err, data, "docs/case.md")
	}
	if header.Format != Format || header.Version != Version {
		return Case{}, fmt.Errorf("format %q version %d: allowed is %q version %d", header.Format, header.Version, Format, Version)
	}
	var c Case
	if err := nemesis.DecodeJSON(data, &c, "docs/case.md"); err != nil {
		return Case{}, err
	}
	return c, c.Validate()
}

// Save writes the case to a file, for people to read and edit.
func (c Case) Save(path string) error {
	text, err := c.text()
	err = errors.Join(err, c.Validate())
	if err != nil {
		return fmt.Errorf("save case %s: %w", path, err)
	}
	return os.WriteFile(path, text, 0o644)
}

// text is the case as JSON with a line for each field, each fault and each
// operation.
func (c Case) text() ([]byte, error) {
	data, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	if err := layOut(&text, data, ""); err != nil {
		return nil, err
	}
	text.WriteByte('\n')
	return text.Bytes(), nil
}

// layOut writes an object or an array that holds objects with a line for each of
// its members, and anything else on one line.
func layOut(to *bytes.Buffer, value json.RawMessage, indent string) error {
	if !tall(value) {
		to.Write(spaced(value))
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(value))
	open, err := decoder.Token()
	if err != nil {
		return err
	}
	closing := map[json.Delim]string{'{': "}", '[': "]"}[open.(json.Delim)]
	fmt.Fprintf(to, "%v", open)
	for first := true; decoder.More(); first = false {
		if !first {
			to.WriteByte(',')
		}
		to.WriteString("\n" + indent + "  ")
		if closing == "}" {
			name, err := decoder.Token()
			if err != nil {
				return err
			}
			fmt.Fprintf(to, "%q: ", name)
		}
		var member json.RawMessage
		if err := decoder.Decode(&member); err != nil {
			return err
		}
		if err := layOut(to, member, indent+"  "); err != nil {
			return err
		}
	}
	to.WriteString("\n" + indent + closing)
	return nil
}

// tall tells whether a value is worth several lines: it is the case, or holds
// an array of objects.
func tall(value []byte) bool {
	return bytes.HasPrefix(value, []byte("[{")) || bytes.HasPrefix(value, []byte("{")) && bytes.Contains(value, []byte(`":[{`)) ||
		bytes.HasPrefix(value, []byte(`{"format":`))
}

// spaced puts a space after each colon and comma that is not in a string.
func spaced(value []byte) []byte {
	var out []byte
	quoted, escaped := false, false
	for _, b := range value {
		out = append(out, b)
		switch {
		case escaped:
			escaped = false
		case b == '\\':
			escaped = quoted
		case b == '"':
			quoted = !quoted
		case (b == ':' || b == ',') && !quoted:
			out = append(out, ' ')
		}
	}
	return out
}
