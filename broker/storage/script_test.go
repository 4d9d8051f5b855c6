package storage

import (
	"fmt"
	"path"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/broker/model"
)

const scriptDir = "data/topic-0"

// script runs one log on one MemFS through the commands of a testdata file:
//
//	open [clean] [segment-bytes=n] [retention-ms=n] [retention-bytes=n]
//	append epoch=n [records=n] [pid=n seq=n [pepoch=n]] [ts=n] [same-size]
//	check pid=n seq=n [pepoch=n] [records=n]
//	assign epoch=n start=n | end-offset epoch=n | truncate to=n | restart at=n
//	raise to=n | retention now=n hw=n | expire now=n
//	read from=n [max=n] [end=n] [at-least-one]
//	flush | issue | complete | checkpoint | close [clean]
//	crash [keep=(name suffix...)] | flip file=name byte=n |
//	remove file=name | syncdir | files
//
// After each the log's state is printed.
type script struct {
	fs     *MemFS
	log    *Log
	cfg    LogConfig
	ticket FlushTicket
	out    strings.Builder
}

func TestScripts(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, file string) {
		s := &script{fs: NewMemFS(), cfg: DefaultLogConfig()}
		require.NoError(t, s.fs.MkdirAll(path.Dir(scriptDir)))
		require.NoError(t, s.fs.SyncDir("."))
		datadriven.RunTest(t, file, func(t *testing.T, d *datadriven.TestData) string {
			s.out.Reset()
			if err := s.run(t, d); err != nil {
				fmt.Fprintf(&s.out, "error: %v\n", err)
			}
			return s.out.String()
		})
	})
}

func arg[T int | int64 | int32 | int16 | model.Offset | model.Epoch](t *testing.T, d *datadriven.TestData, name string, otherwise T) T {
	if !d.HasArg(name) {
		return otherwise
	}
	var n int64
	d.ScanArgs(t, name, &n)
	return T(n)
}

func (s *script) batch(t *testing.T, d *datadriven.TestData) Batch {
	records := make([][]byte, arg(t, d, "records", 1))
	for i := range records {
		records[i] = []byte("0123456789")
	}
	b := BuildBatch(records, BatchOptions{
		Timestamp:     arg[int64](t, d, "ts", 0),
		ProducerID:    arg[int64](t, d, "pid", 0),
		ProducerEpoch: arg[int16](t, d, "pepoch", 0),
		BaseSequence:  arg[int32](t, d, "seq", 0),
		Control:       d.HasArg("control"),
	})
	return b
}

func (s *script) run(t *testing.T, d *datadriven.TestData) error {
	switch d.Cmd {
	case "crash", "flip", "remove", "files", "syncdir":
		return s.runDisk(t, d)
	case "open":
		return s.open(t, d)
	case "read":
		return s.read(t, d)
	case "end-offset":
		epoch, end, ok := s.log.EndOffsetFor(arg[model.Epoch](t, d, "epoch", 0))
		fmt.Fprintf(&s.out, "epoch %d ends at %d, known: %t\n", epoch, end, ok)
		return nil
	case "check":
		v := s.log.CheckProducer(s.batch(t, d))
		switch {
		case v.Duplicate:
			fmt.Fprintf(&s.out, "duplicate of [%d, %d]\n", v.BaseOffset, v.LastOffset)
		default:
			fmt.Fprintf(&s.out, "%s\n", v.Err)
		}
		return nil
	case "close":
		err := s.log.Close(d.HasArg("clean"))
		s.log = nil
		return err
	}
	if err := s.runLog(t, d); err != nil {
		return err
	}
	s.state()
	return nil
}

func (s *script) runLog(t *testing.T, d *datadriven.TestData) error {
	switch d.Cmd {
	case "append":
		b := s.batch(t, d)
		b.Stamp(arg(t, d, "at", s.log.EndOffset()), arg[model.Epoch](t, d, "epoch", 0))
		return s.log.Append(b)
	case "assign":
		return s.log.AssignEpoch(arg[model.Epoch](t, d, "epoch", 0), arg(t, d, "start", s.log.EndOffset()))
	case "truncate":
		return s.log.Truncate(arg[model.Offset](t, d, "to", 0))
	case "restart":
		return s.log.TruncateFullyAndStartAt(arg[model.Offset](t, d, "at", 0))
	case "raise":
		return s.log.RaiseStartOffset(arg[model.Offset](t, d, "to", 0))
	case "retention":
		deletedTo, err := s.log.EnforceRetention(arg[int64](t, d, "now", 0), arg[model.Offset](t, d, "hw", 0))
		fmt.Fprintf(&s.out, "deleted to %d\n", deletedTo)
		return err
	case "expire":
		s.log.ExpireProducers(arg[int64](t, d, "now", 0))
		return nil
	case "flush":
		ticket := s.log.Flush()
		err := ticket.Sync(s.fs)
		s.log.Flushed(ticket)
		return err
	case "issue":
		s.ticket = s.log.Flush()
		return s.ticket.Sync(s.fs)
	case "complete":
		s.log.Flushed(s.ticket)
		return nil
	case "checkpoint":
		return s.log.Checkpoint()
	default:
		t.Fatalf("%s: unknown command %q", d.Pos, d.Cmd)
		return nil
	}
}

// runDisk does what happens to the disk behind the log's back.
func (s *script) runDisk(t *testing.T, d *datadriven.TestData) error {
	switch d.Cmd {
	case "crash":
		var keep []string
		for _, a := range d.CmdArgs {
			if a.Key == "keep" {
				keep = a.Vals
			}
		}
		s.log = nil
		s.fs.CrashTorn(func(name string, synced, written []byte) []byte {
			for _, suffix := range keep {
				if strings.HasSuffix(name, suffix) {
					return written
				}
			}
			return synced
		})
	case "flip":
		f, err := s.fs.OpenFile(path.Join(scriptDir, d.CmdArgs[0].Vals[0]))
		require.NoError(t, err)
		at := arg[int64](t, d, "byte", 0)
		one := make([]byte, 1)
		require.NoError(t, readFull(f, one, at))
		_, err = f.WriteAt([]byte{one[0] ^ 1}, at)
		return err
	case "remove":
		return s.fs.Remove(path.Join(scriptDir, d.CmdArgs[0].Vals[0]))
	case "syncdir":
		return s.fs.SyncDir(scriptDir)
	case "files":
		names, err := s.fs.List(scriptDir)
		fmt.Fprintln(&s.out, strings.Join(names, "\n"))
		return err
	}
	return nil
}

func (s *script) open(t *testing.T, d *datadriven.TestData) error {
	s.cfg.SegmentBytes = arg(t, d, "segment-bytes", s.cfg.SegmentBytes)
	s.cfg.RetentionMS = arg(t, d, "retention-ms", s.cfg.RetentionMS)
	s.cfg.RetentionBytes = arg(t, d, "retention-bytes", s.cfg.RetentionBytes)
	log, rec, err := OpenLog(s.fs, scriptDir, s.cfg, d.HasArg("clean"))
	fmt.Fprintf(&s.out, "recovery: %s\n", rec)
	if err != nil {
		return err
	}
	s.log = log
	s.state()
	return nil
}

func (s *script) read(t *testing.T, d *datadriven.TestData) error {
	data, err := s.log.Read(arg[model.Offset](t, d, "from", 0), arg(t, d, "max", 1<<20),
		arg(t, d, "end", s.log.EndOffset()), d.HasArg("at-least-one"))
	if err != nil {
		return err
	}
	if data == nil {
		fmt.Fprintln(&s.out, "nothing")
	}
	for len(data) > 0 {
		b, rest, err := FirstBatch(data)
		require.NoError(t, err)
		fmt.Fprintf(&s.out, "[%d, %d] epoch %d\n", b.BaseOffset(), b.LastOffset(), b.LeaderEpoch())
		data = rest
	}
	return nil
}

func (s *script) state() {
	l := s.log
	fmt.Fprintf(&s.out, "log [%d, %d) flushed %d\n", l.StartOffset(), l.EndOffset(), l.FlushedOffset())
	fmt.Fprint(&s.out, "segments")
	for _, seg := range l.segments {
		fmt.Fprintf(&s.out, " [%d, %d)", seg.base, seg.next)
	}
	fmt.Fprint(&s.out, "\nepochs")
	for _, e := range l.EpochEntries() {
		fmt.Fprintf(&s.out, " %s", e)
	}
	fmt.Fprintln(&s.out)
	for _, p := range l.producers.sorted() {
		fmt.Fprintf(&s.out, "producer %d epoch %d:", p.ProducerID, p.Epoch)
		for _, b := range p.Batches {
			fmt.Fprintf(&s.out, " %d-%d@%d", b.FirstSequence, b.LastSequence, b.BaseOffset)
		}
		fmt.Fprintln(&s.out)
	}
}
