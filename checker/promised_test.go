package checker

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ackproof/ackproof/harness/history"
)

// TestPromised is about what was seen of an ISR whose members lost their data; what the
// configuration alone decides stands in testdata/promised.txt. Each history has an
// acked send before all else, to partition 0.
func TestPromised(t *testing.T) {
	const whole = "isr 1,2,3 n2 epoch 4 [15 15]\n"
	const lost = "nodes [1] lost their data at 0.020000s, and may have been all that was left of the ISR of t-0: "
	for name, row := range map[string]struct {
		flush  string
		text   string
		broken string // empty: durability is promised
	}{
		"no fault":                       {},
		"nothing that takes data":        {text: "fault kill n1,n2,n3 [20 30] bit\nfault stop n1 [40 50] bit\nfault disk n2 [60 70] bit"},
		"nobody looked":                  {text: "fault wipe n1 [20 30] bit", broken: lost + "nobody saw its ISR before"},
		"nobody looked before":           {text: "fault wipe n1 [20 30] bit\nisr 2,3 n2 epoch 4 [21 21]", broken: lost + "nobody saw its ISR before"},
		"nobody looked after":            {text: whole + "fault wipe n1 [20 30] bit", broken: lost + "nobody saw them leave its ISR"},
		"another partition was seen":     {text: "isr 2,3 n2 epoch 4 part 1 [15 15]\nfault wipe n1 [20 30] bit\nisr 2,3 n2 epoch 4 part 1 [21 21]", broken: lost + "nobody saw its ISR before"},
		"a follower":                     {text: whole + "fault wipe n1 [20 30] bit\nisr 1,2,3 n2 epoch 4 [21 21]\nisr 2,3 n2 epoch 4 [25 25]"},
		"a follower, seen late":          {text: whole + "fault wipe n1 [20 30] bit\nisr 2,3 n2 epoch 4 [35 35]"},
		"outside of the ISR":             {text: "isr 2 n2 epoch 4 [15 15]\nfault wipe n1 [20 30] bit\nisr 2 n2 epoch 4 [21 21]"},
		"the leader":                     {text: "isr 1,2,3 n1 epoch 4 [15 15]\nfault wipe n1 [20 30] bit\nisr 1,2,3 n1 epoch 4 [21 21]\nisr 2,3 n3 epoch 5 [25 25]"},
		"the leader, in two steps":       {text: "isr 1,2 n1 epoch 4 [15 15]\nfault wipe n1 [20 30] bit\nisr 1,2 n2 epoch 5 [21 21]\nisr 2 n2 epoch 5 [25 25]"},
		"the last member":                {text: "isr 1 n1 epoch 4 [15 15]\nfault wipe n1 [20 30] bit\nisr 1 epoch 5 [25 25]\nisr 1 n1 epoch 6 [35 35]", broken: lost + "nobody was left to lead it in epoch 5 but nodes [1]"},
		"the last member, dead before":   {text: "isr 1 epoch 4 [15 15]\nfault wipe n1 [20 30] bit\nisr 1 n1 epoch 5 [35 35]\nisr 2 n2 epoch 6 [45 45]", broken: lost + "nobody was left to lead it in epoch 4 but nodes [1]"},
		"others leave while it is dead":  {text: whole + "fault wipe n1 [20 30] bit\nisr 1,3 n1 epoch 5 [21 21]\nisr 1 n1 epoch 5 [25 25]\nisr 1 epoch 6 [26 26]", broken: lost + "nobody was left to lead it in epoch 6 but nodes [1]"},
		"it is elected while it is dead": {text: whole + "fault wipe n1 [20 30] bit\nisr 1,3 n1 epoch 5 [21 21]\nisr 3 n3 epoch 6 [25 25]"},
		"leaders nobody saw":             {text: whole + "fault wipe n1 [20 30] bit\nisr 2 n2 epoch 8 [35 35]", broken: lost + "nobody saw its leader between epochs 4 and 8"},
		"too few that nobody saw":        {text: whole + "fault wipe n1 [20 30] bit\nisr 2 n2 epoch 7 [35 35]"},
		"before itself, nobody saw":      {text: whole + "fault wipe n1 [20 30] bit\nisr 1 n1 epoch 7 [35 35]\nisr 2 n2 epoch 8 [36 36]", broken: lost + "nobody saw its leader between epochs 4 and 7"},
		"after itself, nobody saw":       {text: "isr 1,2 n1 epoch 4 [15 15]\nfault wipe n1 [20 30] bit\nisr 2 n2 epoch 7 [35 35]", broken: lost + "nobody saw its leader between epochs 4 and 7"},
		"it joins for what it had":       {text: "isr 2 n2 epoch 4 [15 15]\nfault wipe n1 [20 30] bit\nisr 2 n2 epoch 4 [21 21]\nisr 1,2 n2 epoch 4 [22 22]\nisr 1 n1 epoch 5 [23 23]\nisr 1 epoch 6 [24 24]", broken: lost + "nobody was left to lead it in epoch 6 but nodes [1]"},
		"it joins, and others stay":      {text: "isr 2 n2 epoch 4 [15 15]\nfault wipe n1 [20 30] bit\nisr 2 n2 epoch 4 [21 21]\nisr 1,2 n2 epoch 4 [22 22]\nisr 2 n2 epoch 4 [24 24]"},
		"it joins much later":            {text: "isr 2 n2 epoch 4 [15 15]\nfault wipe n1 [20 30] bit\nisr 2 n2 epoch 4 [21 21]\nisr 2,3 n2 epoch 4 [10031 10031]\nisr 1,2 n2 epoch 4 [10032 10032]\nisr 1 n1 epoch 5 [10033 10033]\nisr 1 epoch 6 [10034 10034]"},
		"every leader seen":              {text: whole + "fault wipe n1 [20 30] bit\nisr 1,3 n3 epoch 5 [35 35]\nisr 3 n3 epoch 5 [36 36]"},
		"by somebody behind":             {text: whole + "isr 1,2,3 n3 epoch 5 [16 16]\nfault wipe n1 [20 30] bit\nisr 2,3 n2 epoch 4 [21 21]\nisr 1 epoch 6 [22 22]", broken: lost + "nobody was left to lead it in epoch 6 but nodes [1]"},
		"it joins after a later fault":   {text: "isr 2 n2 epoch 4 [15 15]\nfault wipe n1 [20 30] bit\nisr 2 n2 epoch 4 [21 21]\nfault partition n1,n2,n3 [40 9000] bit\nisr 2,3 n2 epoch 4 [10031 10031]\nisr 1,2 n2 epoch 4 [10032 10032]\nisr 1 n1 epoch 5 [10033 10033]\nisr 1 epoch 6 [10034 10034]", broken: lost + "nobody was left to lead it in epoch 6 but nodes [1]"},
		"two of three":                   {text: whole + "fault wipe n1,n2 [20 30] bit\nisr 3 n3 epoch 5 [25 25]"},
		"two of three, one still there":  {text: whole + "fault wipe n1,n2 [20 30] bit\nisr 1,3 n3 epoch 5 [25 25]", broken: "nodes [1 2] lost their data at 0.020000s"},
		"all":                            {text: whole + "fault wipe n1,n2,n3 [20 30] bit\nisr 1 epoch 5 [25 25]", broken: "nobody was left to lead it in epoch 5 but nodes [1]"},
		"one after the other": {
			text:   whole + "fault wipe n1 [20 30] bit\nisr 2,3 n2 epoch 4 [25 25]\nfault wipe n2,n3 [40 50] bit\nisr 2 epoch 5 [45 45]",
			broken: "nodes [2 3] lost their data at 0.040000s",
		},
		"one after the other, the first came with nothing": {
			text: whole + "fault wipe n1 [20 30] bit\nisr 2,3 n2 epoch 4 [25 25]\nfault wipe n2 [40 50] bit\n" +
				"isr 1 n1 epoch 5 [45 45]",
			broken: "nodes [2] lost their data at 0.040000s, and may have been all that was left of the ISR of t-0: nobody saw them leave its ISR",
		},
		"one after the other, the first back": {
			text: whole + "fault wipe n1 [20 30] bit\nisr 2,3 n2 epoch 4 [25 25]\nisr 1,2,3 n2 epoch 4 [35 35]\nfault wipe n2 [40 50] bit\n" +
				"isr 1 n1 epoch 5 [45 45]",
		},
		"the same again": {
			text: whole + "fault wipe n1 [20 30] bit\nisr 2,3 n2 epoch 4 [25 25]\nfault wipe n1 [40 50] bit\nisr 2,3 n2 epoch 4 [41 41]",
		},
		"without power":                        {text: "fault power n1 [20 30] bit", broken: lost + "nobody saw its ISR before"},
		"without power, seen":                  {text: whole + "fault power n1 [20 30] bit\nisr 2,3 n2 epoch 4 [25 25]"},
		"without power, flushed at intervals":  {flush: "interval", text: "fault power n1 [20 30] bit", broken: lost + "nobody saw its ISR before"},
		"without power, flushed before acks":   {flush: "before-ack", text: "fault power n1,n2,n3 [20 30] bit"},
		"wiped, flushed before acks":           {flush: "before-ack", text: "fault wipe n1 [20 30] bit", broken: lost + "nobody saw its ISR before"},
		"nothing to lose yet":                  {text: whole + "fault wipe n1 [20 30] bit\nisr 2,3 n2 epoch 4 [25 25]\n6: part 1 create [16 23]\n6: part 1 send 7 @0 [24 26]"},
		"something to lose":                    {text: whole + "fault wipe n1 [20 30] bit\nisr 2,3 n2 epoch 4 [25 25]\n6: part 1 send 7 @0 [19 26]", broken: "of the ISR of t-1: nobody saw its ISR before"},
		"a topic deleted before they are back": {text: whole + "fault wipe n1 [20 30] healing=28 bit\nisr 2,3 n2 epoch 4 [25 25]\n6: part 1 send 7 @0 [16 17]\n6: part 1 delete [27 29]"},
		"a topic deleted after":                {text: whole + "fault wipe n1 [20 30] healing=28 bit\nisr 2,3 n2 epoch 4 [25 25]\n6: part 1 send 7 @0 [16 17]\n6: part 1 delete [29 31]", broken: "of the ISR of t-1: nobody saw its ISR before"},
		"a topic that was not deleted":         {text: whole + "fault wipe n1 [20 30] healing=28 bit\nisr 2,3 n2 epoch 4 [25 25]\n6: part 1 send 7 @0 [16 17]\n6: part 1 delete fail [21 22]", broken: "of the ISR of t-1: nobody saw its ISR before"},
		"a topic that was only read":           {text: whole + "fault wipe n1 [20 30] bit\nisr 2,3 n2 epoch 4 [25 25]\n6: part 1 poll from 0 [16 17]"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newScript(t, history.Config{Acks: "all", MinISR: 2, Flush: row.flush}).history("0: send 1 @0 [10 11]\n" + row.text)
			require.NoError(t, h.Validate())
			p := newRun(h, Options{}).promise
			require.Equal(t, row.broken == "", p.Durability, p.Reason)
			require.Contains(t, p.Reason, row.broken)
			require.NotEmpty(t, p.Reason)
		})
	}
}
