package checker

// index maps offsets or values to positions. Both are almost always dense from
// zero on, where a slice is ten times as fast as a map; far ones go to a map.
// The zero index is empty.
type index struct {
	near []int32 // position + 1
	far  map[int64]int32
}

// nearLimit bounds the slice to 32 MiB.
const nearLimit = 8 << 20

func (x *index) get(key int64) (int32, bool) {
	if key >= 0 && key < int64(len(x.near)) {
		at := x.near[key]
		return at - 1, at > 0
	}
	at, ok := x.far[key]
	return at, ok
}

func (x *index) set(key int64, at int32) {
	if key < 0 || key >= nearLimit {
		if x.far == nil {
			x.far = map[int64]int32{}
		}
		x.far[key] = at
		return
	}
	if n := key + 1 - int64(len(x.near)); n > 0 {
		x.near = append(x.near, make([]int32, n)...)
	}
	x.near[key] = at + 1
}
