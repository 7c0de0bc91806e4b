package sim

import (
	"slices"
	"strconv"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

var cloudFaults = []kind{
	{
		KindInfo: KindInfo{Name: "down", Layer: LayerCloud, Targets: onAccount, Meaning: "the cloud refuses connections: calls fail at once, and nothing happened; answers under way are lost"},
		send:     cloudDown, back: lostAnswer, push: noPush, end: (*trouble).returned,
	},
	{
		KindInfo: KindInfo{Name: "offline", Layer: LayerCloud, Targets: onAccount, Meaning: "as down"},
		send:     cloudDown, back: lostAnswer, push: noPush, end: (*trouble).returned,
	},
	{
		KindInfo: KindInfo{
			Name: "5xx", Layer: LayerCloud, Targets: onCloud, PerCall: true, Verbs: allVerbs,
			Params:  []Param{{"applied", 0, "1: the error comes after the call took effect"}, {"status", 502, "the HTTP status"}},
			Meaning: "the cloud answers with a server error, from which nobody can tell what happened; by default nothing did",
		},
		send: func(x *trouble, fl *flight) bool { return x.arg("applied") == 0 && serverError(x, fl) },
		back: func(x *trouble, fl *flight) bool { return x.arg("applied") != 0 && errorInstead(x, fl) },
	},
	{
		KindInfo: KindInfo{
			Name: "429", Layer: LayerCloud, Targets: onCloud, PerCall: true, Verbs: allVerbs,
			Params: []Param{{"retry", 60, "seconds after which to try again"}}, Meaning: "the cloud answers that there are too many requests; nothing happened",
		},
		send: func(x *trouble, fl *flight) bool {
			x.fire(fl.d)
			fl.refuse(driver.Throttled, driver.BlameCloud, "429")
			fl.res.Err.RetryAfter = x.seconds("retry")
			return true
		},
	},
	{
		KindInfo: KindInfo{
			Name: "slow", Layer: LayerCloud, Targets: onCloud, PerCall: true, Verbs: allVerbs,
			Params: []Param{{"seconds", 20, "seconds added to each call"}}, Meaning: "the cloud takes long over each call, before it passes it on; the caller may have given up by then",
		},
		send: func(x *trouble, fl *flight) bool {
			x.fire(fl.d)
			fl.lag += x.seconds("seconds")
			return false
		},
	},
	{
		KindInfo: KindInfo{Name: staleRead, Layer: LayerCloud, Targets: onCloud, Meaning: "lists show what was there when the fault began"},
		begin: func(x *trouble) {
			for _, d := range x.devices() {
				d.stale, d.lag = slices.Clone(d.listed()), always
				d.touch()
			}
		},
		end: upToDate,
	},
	{
		KindInfo: KindInfo{
			Name: "eventual", Layer: LayerCloud, Targets: onCloud, Params: []Param{{"reads", 3, "lists that still show the old state"}},
			Meaning: "a change shows in lists only after some reads, and digits that a cloud which accepts first has to compute only with it",
		},
		lag: func(x *trouble) int { return max(int(x.arg("reads")), 1) },
		end: upToDate,
	},
	{
		KindInfo: KindInfo{Name: "auth-expired", Layer: LayerCloud, Targets: onAccount, Meaning: "the account's login is refused until somebody signs in again"},
		send: func(x *trouble, fl *flight) bool {
			x.fire(fl.d)
			fl.refuse(driver.Unauthorized, driver.BlameAccount, "token_expired")
			return true
		},
		push: noPush, end: (*trouble).returned,
	},
	{
		KindInfo: KindInfo{
			Name: "applied-but-error", Layer: LayerCloud, Targets: onCloud, PerCall: true, Verbs: writes,
			Params: []Param{{"status", 502, "the HTTP status"}}, Meaning: "the write takes effect, and the cloud answers with a server error",
		},
		back: errorInstead,
	},
	{
		KindInfo: KindInfo{
			Name: "ok-but-lost", Layer: LayerCloud, Targets: onCloud, PerCall: true, Verbs: writes,
			Meaning: "the cloud says yes, and lists it where the list is its own; the lock never hears of it",
		},
		send: okButLost,
	},
	{
		KindInfo: KindInfo{
			Name: "partial-list", Layer: LayerCloud, Targets: onCloud, PerCall: true, Verbs: []string{verbObserve},
			Params:  []Param{{"keep", 0.5, "share of the entries that are listed, 0 to 1"}, {"lies", 0, "1: the list says that it is complete"}},
			Meaning: "a list lacks some of its entries",
		},
		look: func(x *trouble, d *device, o *lock.Observation) {
			keep := int(float64(len(o.Held)) * min(max(x.arg("keep"), 0), 1))
			if keep == len(o.Held) {
				return
			}
			x.fire(d)
			o.Held, o.Complete = o.Held[:keep], o.Complete && x.arg("lies") != 0
		},
	},
	{
		KindInfo: KindInfo{Name: "webhook-lost", Layer: LayerCloud, Targets: onCloud, PerCall: true, Verbs: []string{"notice"}, Meaning: "the cloud's hints do not arrive"},
		push:     noPush,
	},
	{
		KindInfo: KindInfo{Name: "webhook-dup", Layer: LayerCloud, Targets: onCloud, PerCall: true, Verbs: []string{"notice"}, Meaning: "each of the cloud's hints arrives twice"},
		push: func(x *trouble, h *hint, _ *time.Duration, copies *int) {
			x.fire(nil)
			*copies *= 2
		},
	},
	{
		KindInfo: KindInfo{
			Name: "webhook-reorder", Layer: LayerCloud, Targets: onCloud, PerCall: true, Verbs: []string{"notice"},
			Params: []Param{{"spread", 60, "seconds by which a hint may be late"}}, Meaning: "the cloud's hints arrive late and overtake each other",
		},
		push: func(x *trouble, h *hint, delay *time.Duration, _ *int) {
			x.fire(nil)
			*delay += time.Duration(x.rand.Float64() * float64(x.seconds("spread")))
		},
	},
}

func cloudDown(x *trouble, fl *flight) bool {
	x.fire(fl.d)
	fl.refuse(driver.Offline, driver.BlameCloud, "connection_refused")
	return true
}

func lostAnswer(x *trouble, fl *flight) bool {
	x.fire(fl.d)
	fl.lose()
	return true
}

func noPush(x *trouble, _ *hint, _ *time.Duration, copies *int) {
	x.fire(nil)
	*copies = 0
}

func serverError(x *trouble, fl *flight) bool {
	x.fire(fl.d)
	fl.refuse(driver.Ambiguous, driver.BlameCloud, strconv.Itoa(int(x.arg("status"))))
	return true
}

func errorInstead(x *trouble, fl *flight) bool {
	x.fire(fl.d)
	fl.finish(Result{Err: fl.failure(driver.Ambiguous, driver.BlameCloud, strconv.Itoa(int(x.arg("status"))))})
	return true
}

func upToDate(x *trouble) {
	for _, d := range x.devices() {
		d.stale, d.lag = nil, 0
		for i := range d.issued {
			d.issued[i].Late = 0
		}
		d.touch()
	}
}

// okButLost says yes in the lock's stead.
func okButLost(x *trouble, fl *flight) bool {
	d := fl.d
	if fl.call.Want.Offline != lock.OfflineNone || d.traits.OfflineOnly {
		return false // nothing would have gone to the lock
	}
	x.fire(d)
	if fl.call.Taken != nil {
		fl.back() // it was lost before anything was done about it
		return true
	}
	if fl.call.Verb == verbClear {
		if i := indexRef(d.cloud, fl.call.At); i >= 0 {
			d.remember(true)
			d.forget(fl.call.At)
		}
		fl.back()
		return true
	}
	if d.traits.CloudList {
		e, r := d.enlist(&fl.call.Want, fl.call.At)
		if r != nil {
			fl.answer(lock.Held{}, r)
			return true
		}
		e.Job = jobNone
		fl.answer(d.held(e), nil)
		return true
	}
	own, slot, r := d.place(d.mem, &fl.call.Want, fl.call.At)
	if r != nil {
		fl.answer(lock.Held{}, r)
		return true
	}
	e := entry{Memory: Memory{Slot: slot, Ref: slotRef(slot)}}
	switch {
	case own >= 0:
		e = d.mem[own]
	case !d.traits.ClientSlots:
		e.Ref = d.ref("k")
	}
	e.take(d.prof, &fl.call.Want)
	fl.answer(d.held(&e), nil)
	return true
}
