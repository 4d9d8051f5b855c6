package storage

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/ackproof/ackproof/broker/model"
)

// EpochEntry says that a leader epoch starts at an offset.
type EpochEntry struct {
	Epoch model.Epoch
	Start model.Offset
}

func (e EpochEntry) String() string { return fmt.Sprintf("%d@%d", e.Epoch, e.Start) }

const (
	epochFile        = "leader-epoch-checkpoint"
	epochFileVersion = "0"
)

// epochCache maps offsets to the leader epoch in which they were written
// (KIP-101, KIP-279): epochs and starts both strictly increase.
//
// Its file is synced at every change. A leader must not serve before its epoch
// start is on disk (KAFKA-7415), and an entry that outlives the records it
// describes, or the other way round, makes followers cut off the wrong records.
type epochCache struct {
	fs      FS
	path    string
	entries []EpochEntry
}

func (c *epochCache) latest() (EpochEntry, bool) {
	if len(c.entries) == 0 {
		return EpochEntry{Epoch: model.NoEpoch, Start: model.NoOffset}, false
	}
	return c.entries[len(c.entries)-1], true
}

// assign adds an entry and drops those that it contradicts. It tells whether
// anything changed.
func (c *epochCache) assign(e EpochEntry) bool {
	if last, ok := c.latest(); ok && last.Epoch == e.Epoch && last.Start <= e.Start {
		return false
	}
	keep := len(c.entries)
	for keep > 0 && (c.entries[keep-1].Epoch >= e.Epoch || c.entries[keep-1].Start >= e.Start) {
		keep--
	}
	c.entries = append(c.entries[:keep:keep], e)
	return true
}

// endOffsetFor answers an OffsetsForLeaderEpoch query: the largest known epoch
// that is not above the asked one, and where it ends.
func (c *epochCache) endOffsetFor(asked model.Epoch, logEnd model.Offset) (model.Epoch, model.Offset, bool) {
	last, ok := c.latest()
	if !ok || asked < 0 {
		return model.NoEpoch, model.NoOffset, false
	}
	if asked == last.Epoch {
		return asked, logEnd, true
	}
	higher := slices.IndexFunc(c.entries, func(e EpochEntry) bool { return e.Epoch > asked })
	switch higher {
	case -1:
		return model.NoEpoch, model.NoOffset, false
	case 0:
		return asked, c.entries[0].Start, true
	default:
		return c.entries[higher-1].Epoch, c.entries[higher].Start, true
	}
}

// cutEnd drops the entries that start at or after the end of the log.
func (c *epochCache) cutEnd(end model.Offset) bool {
	keep := len(c.entries)
	for keep > 0 && c.entries[keep-1].Start >= end {
		keep--
	}
	changed := keep < len(c.entries)
	c.entries = c.entries[:keep]
	return changed
}

// cutStart drops the entries that end at or before the start of the log; the
// epoch of the first record left then starts with the log.
func (c *epochCache) cutStart(start model.Offset) bool {
	below := 0
	for below < len(c.entries) && c.entries[below].Start < start {
		below++
	}
	if below == 0 {
		return false
	}
	first := EpochEntry{c.entries[below-1].Epoch, start}
	if below < len(c.entries) && c.entries[below].Start == start {
		c.entries = slices.Clone(c.entries[below:])
		return true
	}
	c.entries = append([]EpochEntry{first}, c.entries[below:]...)
	return true
}

// save writes Kafka's own format: version, count, then "epoch start" lines.
func (c *epochCache) save() error {
	var text strings.Builder
	fmt.Fprintf(&text, "%s\n%d\n", epochFileVersion, len(c.entries))
	for _, e := range c.entries {
		fmt.Fprintf(&text, "%d %d\n", e.Epoch, e.Start)
	}
	return WriteFileAtomic(c.fs, c.path, []byte(text.String()), true)
}

// loadEpochCache reads the file. doubt says why it cannot be relied on.
func loadEpochCache(fs FS, dir string) (c epochCache, doubt error, err error) {
	c = epochCache{fs: fs, path: path.Join(dir, epochFile)}
	data, found, err := ReadFile(fs, c.path)
	if err != nil {
		return c, nil, err
	}
	if !found {
		return c, fmt.Errorf("%s is missing", epochFile), nil
	}
	if c.entries, doubt = parseEpochs(string(data)); doubt != nil {
		return c, fmt.Errorf("%s: %w", epochFile, doubt), nil
	}
	return c, nil, nil
}

func parseEpochs(text string) ([]EpochEntry, error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 3 || lines[0] != epochFileVersion || lines[len(lines)-1] != "" {
		return nil, fmt.Errorf("not a version %s file", epochFileVersion)
	}
	count, err := strconv.Atoi(lines[1])
	if err != nil || count != len(lines)-3 {
		return nil, fmt.Errorf("count %q for %d entries", lines[1], len(lines)-3)
	}
	var entries []EpochEntry
	for _, line := range lines[2 : len(lines)-1] {
		var e EpochEntry
		if n, err := fmt.Sscanf(line, "%d %d", &e.Epoch, &e.Start); n != 2 || err != nil {
			return nil, fmt.Errorf("entry %q is not \"epoch start\"", line)
		}
		if n := len(entries); e.Epoch < 0 || e.Start < 0 || n > 0 && (entries[n-1].Epoch >= e.Epoch || entries[n-1].Start >= e.Start) {
			return nil, fmt.Errorf("entry %q is out of order", line)
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// LatestEpoch is the epoch of the last record, or one that a new leader has
// assigned and not yet written in.
func (l *Log) LatestEpoch() (model.Epoch, bool) {
	e, ok := l.epochs.latest()
	return e.Epoch, ok
}

// AssignEpoch records that an epoch starts at an offset. It is on disk when
// the call returns (KAFKA-7415).
func (l *Log) AssignEpoch(e model.Epoch, start model.Offset) error {
	if err := l.Err(); err != nil {
		return err
	}
	if e < 0 || start < 0 {
		return fmt.Errorf("assign epoch %d at offset %d: both must be >= 0", e, start)
	}
	if !l.epochs.assign(EpochEntry{e, start}) {
		return nil
	}
	return l.saveEpochs()
}

// EndOffsetFor gives the largest epoch here that is not above e, and the offset
// at which it ends; false if there is none to tell.
func (l *Log) EndOffsetFor(e model.Epoch) (model.Epoch, model.Offset, bool) {
	return l.epochs.endOffsetFor(e, l.end)
}

// EpochEntries is a copy of the epoch cache, oldest first.
func (l *Log) EpochEntries() []EpochEntry { return slices.Clone(l.epochs.entries) }

func (l *Log) saveEpochs() error {
	if err := l.epochs.save(); err != nil {
		return l.Fail(fmt.Errorf("save epochs: %w", err))
	}
	return nil
}
