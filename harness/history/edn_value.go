package history

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// keyword is an EDN keyword or symbol, without its colon.
type keyword string

// ednParser reads the part of EDN that op maps are made of: maps, vectors,
// lists, sets, keywords, integers, strings, booleans, nil, and tagged values
// (whose tags, such as Jepsen's record types, say nothing that we need). Maps
// become map[any]any, sequences []any, integers int64.
type ednParser struct {
	in *bufio.Reader
}

// next returns the next value, or io.EOF where there is none.
func (p ednParser) next() (any, error) {
	c, err := p.skip()
	if err != nil {
		return nil, err
	}
	switch c {
	case '{':
		return p.mapping()
	case '[':
		return p.sequence(']')
	case '(':
		return p.sequence(')')
	case '"':
		return p.text()
	case '#':
		return p.dispatch()
	case ']', '}', ')':
		return nil, fmt.Errorf("unexpected %q", c)
	}
	return p.atom(c)
}

// inside is next where a value must come.
func (p ednParser) inside() (any, error) {
	v, err := p.next()
	if errors.Is(err, io.EOF) {
		return nil, io.ErrUnexpectedEOF
	}
	return v, err
}

// skip passes over white space, commas and comments.
func (p ednParser) skip() (byte, error) {
	for {
		c, err := p.in.ReadByte()
		if err != nil {
			return 0, err
		}
		switch c {
		case ' ', '\t', '\r', '\n', ',':
		case ';':
			if _, err := p.in.ReadString('\n'); err != nil {
				return 0, err
			}
		default:
			return c, nil
		}
	}
}

// closes reports whether end comes next, and takes it.
func (p ednParser) closes(end byte) (bool, error) {
	c, err := p.skip()
	if err != nil {
		return false, io.ErrUnexpectedEOF
	}
	if c == end {
		return true, nil
	}
	return false, p.in.UnreadByte()
}

func (p ednParser) sequence(end byte) (any, error) {
	list := []any{}
	for {
		done, err := p.closes(end)
		if done || err != nil {
			return list, err
		}
		v, err := p.inside()
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
}

func (p ednParser) mapping() (any, error) {
	m := map[any]any{}
	for {
		done, err := p.closes('}')
		if done || err != nil {
			return m, err
		}
		key, err := p.inside()
		if err != nil {
			return nil, err
		}
		switch key.(type) {
		case map[any]any, []any:
			return nil, fmt.Errorf("a map has a %T for a key, allowed are keywords, integers and strings", key)
		}
		if m[key], err = p.inside(); err != nil {
			return nil, err
		}
	}
}

// dispatch reads what follows a #: a set, or a tag and its value.
func (p ednParser) dispatch() (any, error) {
	c, err := p.in.ReadByte()
	if err != nil {
		return nil, io.ErrUnexpectedEOF
	}
	if c == '{' {
		return p.sequence('}')
	}
	if _, err := p.atom(c); err != nil {
		return nil, err
	}
	return p.inside()
}

func (p ednParser) text() (any, error) {
	var b strings.Builder
	for {
		c, err := p.in.ReadByte()
		if err != nil {
			return nil, io.ErrUnexpectedEOF
		}
		switch c {
		case '"':
			return b.String(), nil
		case '\\':
			e, err := p.in.ReadByte()
			if err != nil {
				return nil, io.ErrUnexpectedEOF
			}
			at := strings.IndexByte(`ntr"\`, e)
			if at < 0 {
				return nil, fmt.Errorf(`unknown escape \%c in a string`, e)
			}
			b.WriteByte("\n\t\r\"\\"[at])
		default:
			b.WriteByte(c)
		}
	}
}

// atom reads a keyword, symbol, integer, float, boolean or nil.
func (p ednParser) atom(first byte) (any, error) {
	word := []byte{first}
	for {
		c, err := p.in.ReadByte()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if strings.IndexByte(" \t\r\n,;\"()[]{}", c) >= 0 {
			if err := p.in.UnreadByte(); err != nil {
				return nil, err
			}
			break
		}
		word = append(word, c)
	}
	s := string(word)
	switch s {
	case "nil":
		return nil, nil
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	if n, err := strconv.ParseInt(strings.TrimSuffix(s, "N"), 10, 64); err == nil {
		return n, nil
	}
	return keyword(strings.TrimPrefix(s, ":")), nil
}
