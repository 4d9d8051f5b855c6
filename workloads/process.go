package workloads

import "github.com/ackproof/ackproof/harness/history"

// process is one single-threaded client in the history.
type process struct {
	rec Recorder
	id  int
}

func newProcess(rec Recorder) *process {
	return &process{rec: rec, id: rec.NextProcess()}
}

// invoke records that op begins. The returned function records how it ended:
// e carries what the completion adds, err (nil for ok) what went wrong.
func (p *process) invoke(op history.Event) (complete func(e history.Event, err *OpError)) {
	op.Process, op.Type = p.id, history.Invoke
	p.rec.Record(op)
	return func(e history.Event, err *OpError) {
		e.Process, e.F, e.Topic, e.Partition, e.Value = p.id, op.F, op.Topic, op.Partition, op.Value
		e.Type = history.OK
		if err != nil {
			e.Type, e.Error = err.Class, err.Error()
		}
		p.rec.Record(e)
		if e.Type == history.Info {
			p.id = p.rec.NextProcess()
		}
	}
}
