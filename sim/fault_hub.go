package sim

import (
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

var hubFaults = []kind{
	{
		KindInfo: KindInfo{Name: "offline", Layer: LayerHub, Targets: onHub, Meaning: "the hub is out of reach: writes fail at once, looks say so"},
		down:     func(*trouble, *device) lock.Reach { return lock.HubDown },
		end:      (*trouble).returned,
	},
	{
		KindInfo: KindInfo{
			Name: "queue-full", Layer: LayerHub, Targets: onHub, PerCall: true, Verbs: allVerbs,
			Params: []Param{{"retry", 30, "seconds after which to try again"}}, Meaning: "the hub has no room for another job and refuses it",
		},
		send: func(x *trouble, fl *flight) bool {
			x.fire(fl.d)
			fl.refuse(driver.Throttled, driver.BlameHub, "queue_full")
			fl.res.Err.RetryAfter = x.seconds("retry")
			return true
		},
	},
	{
		KindInfo: KindInfo{
			Name: "reboot", Layer: LayerHub, Targets: onHub,
			Params:  []Param{{"seconds", 90, "seconds until the hub is up again"}, {"every", 0, "seconds from one restart to the next; 0: once"}},
			Meaning: "the hub restarts: out of reach for a while, and what it was doing is lost",
		},
		down: func(x *trouble, _ *device) lock.Reach {
			since := x.f.k.Now().Sub(x.From)
			if every := x.seconds("every"); every > 0 {
				since %= every
			}
			if since < x.seconds("seconds") {
				return lock.HubDown
			}
			return lock.Reached
		},
		restarts: true,
		end:      (*trouble).returned,
	},
	{
		KindInfo: KindInfo{
			Name: "wrong-zone", Layer: LayerHub, Targets: onHub, Text: textZone,
			Meaning: "the hub translates schedules by another zone, both when it writes and when it reads: the lock keeps shifted windows that look right",
		},
		wall: func(x *trouble, d *device, w lock.Window, reads bool) lock.Window {
			believed := x.f.zone(x.Text)
			if believed == nil || d.zone == nil || w.IsZero() || !d.traits.NativeSchedule {
				return w
			}
			shift := func(t time.Time) time.Time {
				if t.IsZero() {
					return t
				}
				by := offsetAt(believed, t) - offsetAt(d.zone, t)
				if by != 0 {
					x.fire(d)
				}
				if reads {
					by = -by
				}
				return t.Add(by)
			}
			return lock.Window{From: shift(w.From), To: shift(w.To)}
		},
	},
}
