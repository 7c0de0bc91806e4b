package lock

import (
	"testing"
	"time"
)

// Windows judged by counting seconds: 0 is no end, 1 to 255 are instants.
func FuzzWindow(f *testing.F) {
	origin := time.Date(2026, 3, 29, 0, 59, 0, 0, time.UTC)
	at := func(second byte) time.Time {
		if second == 0 {
			return time.Time{}
		}
		return origin.Add(time.Duration(second) * time.Second)
	}
	holds := func(from, to byte, second int) bool { return second >= int(from) && (to == 0 || second < int(to)) }
	f.Fuzz(func(t *testing.T, from, to, from2, to2, grain byte) {
		w, o := Window{at(from), at(to)}, Window{at(from2), at(to2)}
		shared := false
		for s := 0; s <= 256; s++ { // 0 stands for all that was before
			now := origin.Add(time.Duration(s) * time.Second)
			in := holds(from, to, s)
			shared = shared || in && holds(from2, to2, s)
			if w.Contains(now) != in || in != (w.Started(now) && !w.Ended(now)) {
				t.Fatalf("[%d, %d) at %d: contains %v, started %v, ended %v", from, to, s, w.Contains(now), w.Started(now), w.Ended(now))
			}
		}
		if w.Overlaps(o) != shared || o.Overlaps(w) != shared {
			t.Errorf("[%d, %d) and [%d, %d): overlap %v and %v, want %v", from, to, from2, to2, w.Overlaps(o), o.Overlaps(w), shared)
		}
		g := time.Duration(max(grain, 1)) * time.Second
		kept := w.Grain(time.Duration(grain) * time.Second)
		for _, edge := range [][2]time.Time{{w.From, kept.From}, {w.To, kept.To}} {
			lost := edge[0].Sub(edge[1])
			if edge[0].IsZero() != edge[1].IsZero() || lost < 0 || lost >= g || !edge[1].IsZero() && edge[1].Truncate(g) != edge[1] {
				t.Errorf("[%d, %d) by %v is %v", from, to, g, kept)
			}
		}
		if again := kept.Grain(g); again != kept {
			t.Errorf("rounded again, %v is %v", kept, again)
		}
		if r := Rounding(w, kept); r >= g {
			t.Errorf("[%d, %d) by %v lost %v", from, to, g, r)
		}
	})
}
