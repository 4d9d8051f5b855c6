package local

import (
	"net"
	"time"
)

// pumpBuffer is how much a pump reads at once, and so the most that a cut holds
// back outside of the kernel's socket buffers.
const pumpBuffer = 64 << 10

// delayedParcels bounds the reads under way on a delayed link: bandwidth times
// delay, in parcels of up to pumpBuffer.
const delayedParcels = 256

// pump carries one direction of a connection through its gate.
type pump struct {
	src, dst *net.TCPConn
	gate     *gate // from src to dst
	back     *gate // from dst to src: news of dst's end travels there
	closed   <-chan struct{}
	line     chan parcel   // set once a delay was seen
	drained  chan struct{} // closed when line's writer ended
}

// parcel is what is written when it is due. An empty one asks the writer to
// tell that it got so far.
type parcel struct {
	data    []byte
	due     time.Time
	reached chan<- struct{}
}

// run carries bytes until src ends or dst fails, and passes the end on: an
// orderly end as one, a broken connection as a broken one, both behind the
// bytes that came before, and held back by a cut like these.
func (p *pump) run() {
	buffer := make([]byte, pumpBuffer)
	for {
		n, err := p.src.Read(buffer)
		if n > 0 && !p.forward(buffer[:n]) {
			p.stopLine()
			if p.back.pass(0, p.closed) {
				abort(p.src)
			}
			return
		}
		if err == nil {
			continue
		}
		p.stopLine()
		if !p.gate.pass(0, p.closed) {
			return
		}
		if isEOF(err) {
			_ = p.dst.CloseWrite() // fails only where dst is gone already
		} else {
			abort(p.dst)
		}
		return
	}
}

// forward sends data on its way; false if dst takes no more.
func (p *pump) forward(data []byte) bool {
	delay := p.gate.delay()
	if delay == 0 {
		return p.settle() && p.write(data)
	}
	p.gate.delayed.Add(int64(len(data)))
	if p.line == nil {
		p.line = make(chan parcel, delayedParcels)
		p.drained = make(chan struct{})
		go p.writeLine()
	}
	return p.push(parcel{data: append([]byte(nil), data...), due: time.Now().Add(delay)})
}

// settle waits until the delayed parcels are out, so that what is written
// directly does not overtake them.
func (p *pump) settle() bool {
	if p.line == nil {
		return true
	}
	reached := make(chan struct{})
	if !p.push(parcel{reached: reached}) {
		return false
	}
	select {
	case <-reached:
		return true
	case <-p.drained:
		return false
	}
}

func (p *pump) push(next parcel) bool {
	select {
	case p.line <- next:
		return true
	case <-p.drained:
		return false
	}
}

// stopLine lets the delayed parcels run out.
func (p *pump) stopLine() {
	if p.line != nil {
		close(p.line)
		<-p.drained
	}
}

func (p *pump) writeLine() {
	defer close(p.drained)
	for next := range p.line {
		if next.reached != nil {
			close(next.reached)
			continue
		}
		timer := time.NewTimer(time.Until(next.due))
		select {
		case <-timer.C:
		case <-p.closed:
			timer.Stop()
			return
		}
		if !p.write(next.data) {
			return
		}
	}
}

func (p *pump) write(data []byte) bool {
	if !p.gate.pass(len(data), p.closed) {
		return false
	}
	n, err := p.dst.Write(data)
	p.gate.delivered.Add(int64(n))
	return err == nil
}
