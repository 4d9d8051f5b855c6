package wire

import "github.com/ackproof/ackproof/broker/controller"

// gather holds the commands that the items of one request ask for, so that the
// request is answered exactly once: when the last item is settled. The quorum
// may settle an item at once or much later, in any order. It needs no timer: a
// controller that cannot commit loses its leadership, and that settles
// everything it had proposed.
type gather struct{ items []gathered }

type gathered struct {
	command controller.Command
	settle  func(controller.Result)
}

// add takes a command; its result goes to settle.
func (g *gather) add(command controller.Command, settle func(controller.Result)) {
	g.items = append(g.items, gathered{command, settle})
}

// propose hands all commands to the quorum, in their order, and calls finish
// after the last one is settled; with no commands, at once.
func (g *gather) propose(n Node, finish func()) {
	open := len(g.items)
	if open == 0 {
		finish()
		return
	}
	for _, item := range g.items {
		n.Propose(item.command, func(result controller.Result) {
			item.settle(result)
			if open--; open == 0 {
				finish()
			}
		})
	}
}
