package sim

import (
	"time"

	"github.com/accesscodes/lockctl/lock"
)

var radioFaults = []kind{
	{
		KindInfo: KindInfo{Name: "offline", Layer: LayerRadio, Targets: onLock, Meaning: "the lock is out of reach; its keypad works on"},
		down:     func(*trouble, *device) lock.Reach { return lock.LockDown },
		end:      (*trouble).returned,
	},
	{
		KindInfo: KindInfo{
			Name: "latency", Layer: LayerRadio, Targets: onRadio, PerCall: true, Verbs: allVerbs,
			Params:  []Param{{"mean", 10, "seconds added on the way to the lock"}, {"jitter", 5, "seconds by which that varies, evenly"}},
			Meaning: "messages to the lock take longer",
		},
		send: func(x *trouble, fl *flight) bool {
			x.fire(fl.d)
			by := x.seconds("mean") + time.Duration((2*x.rand.Float64()-1)*float64(x.seconds("jitter")))
			fl.lag += max(by, 0)
			return false
		},
	},
	{
		KindInfo: KindInfo{
			Name: "loss", Layer: LayerRadio, Targets: onRadio, PerCall: true, Verbs: allVerbs,
			Meaning: "messages to the lock vanish: nothing happens, and nobody says so",
		},
		send: lostAnswer,
	},
	{
		KindInfo: KindInfo{
			Name: "lost-ack", Layer: LayerRadio, Targets: onRadio, PerCall: true, Verbs: allVerbs[1:],
			Meaning: "the lock obeys a write, and its answer vanishes",
		},
		back: lostAnswer,
	},
	{
		KindInfo: KindInfo{
			Name: "one-way", Layer: LayerRadio, Targets: onRadio, PerCall: true, Verbs: allVerbs,
			Meaning: "the lock hears and obeys; nothing it says arrives",
		},
		back: lostAnswer,
	},
	{
		KindInfo: KindInfo{
			Name: "duplicate", Layer: LayerRadio, Targets: onRadio, PerCall: true, Verbs: allVerbs[1:],
			Params: []Param{{"delay", 5, "seconds by which the second copy is late"}}, Meaning: "a write arrives at the lock twice, the second time later, perhaps after the next write",
		},
		send: func(x *trouble, fl *flight) bool {
			x.fire(fl.d)
			twin := fl.d.f.flight()
			twin.d, twin.call, twin.echo, twin.ended, twin.job = fl.d, fl.call, true, true, fl.job
			twin.lag = fl.lag + x.seconds("delay")
			twin.leg(atLock, fl.far)
			return false
		},
	},
	{
		KindInfo: KindInfo{
			Name: "reorder", Layer: LayerRadio, Targets: onRadio, PerCall: true, Verbs: allVerbs[1:],
			Params: []Param{{"hold", 120, "seconds for which a message is held back"}}, Meaning: "a write is held back until its caller has given up, and arrives after later ones",
		},
		send: func(x *trouble, fl *flight) bool {
			x.fire(fl.d)
			fl.lag += x.seconds("hold")
			return false
		},
	},
}

// reachedUnless turns a condition into a reach.
func reachedUnless(down bool) lock.Reach {
	if down {
		return lock.LockDown
	}
	return lock.Reached
}
