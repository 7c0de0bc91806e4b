package sim

import (
	"github.com/accesscodes/lockctl/lock"
)

// moodFaults are troubles of a lock's keypad, bolt and battery: the codes are there, and yet the door stays shut.
var moodFaults = []kind{
	refusing("privacy", lock.ModePrivacy, "privacy", "somebody inside has switched privacy on: every code is refused"),
	refusing("vacation", lock.ModeVacation, "vacation", "vacation mode: every code is refused"),
	refusing("office", lock.ModeOffice, "office", "office mode: the lock keeps opening hours of its own, and every code is refused"),
	refusing("eco", lock.ModePowerSaving, "power_saving", "the keypad sleeps to save power: every code is refused"),
	refusing("jam", "", "jammed", "the bolt is jammed: a right code moves nothing"),
	refusing("keypad-lockout", lock.ModeLockout, lockedOut, "the keypad is locked, as after too many wrong tries"),
	{
		KindInfo: KindInfo{
			Name: "battery", Layer: LayerLock, Targets: onLock,
			Params:  []Param{{"level", 0.3, "charge at the begin, 0 to 1"}, {"per_day", 0.05, "charge lost a day"}},
			Meaning: "the battery runs down; when it is empty the lock is out of reach and its keypad dead",
		},
		level: func(x *trouble, d *device, level float64) float64 {
			days := x.f.k.Now().Sub(x.From).Hours() / 24
			return max(0, min(level, x.arg("level"))-days*x.arg("per_day"))
		},
		look: tellsBattery,
		down: func(_ *trouble, d *device) lock.Reach { return reachedUnless(d.level() <= 0) },
		end:  (*trouble).returned,
	},
	{
		KindInfo: KindInfo{
			Name: "battery-cliff", Layer: LayerLock, Targets: onLock,
			Params: []Param{
				{"lasts", 5 * 86400, "seconds until the battery is suddenly empty"}, {"shows", 0.99, "charge that is reported until then"},
				{"loss", 0.2, "share of messages that vanish until then"},
			},
			Meaning: "the battery reports itself full while the lock answers worse and worse, and then is empty at once",
		},
		level: func(x *trouble, d *device, level float64) float64 {
			if x.f.k.Now().Sub(x.From) >= x.seconds("lasts") {
				return 0
			}
			return x.arg("shows")
		},
		send: func(x *trouble, fl *flight) bool {
			if x.rand.Float64() >= x.arg("loss") {
				return false
			}
			return lostAnswer(x, fl)
		},
		look: tellsBattery,
		down: func(_ *trouble, d *device) lock.Reach { return reachedUnless(d.level() <= 0) },
		end:  (*trouble).returned,
	},
}

// refusing is the row of a mode in which the keypad refuses every code.
func refusing(name string, mode lock.Mode, reason, meaning string) kind {
	return kind{
		KindInfo: KindInfo{Name: name, Layer: LayerLock, Targets: onLock, Meaning: meaning},
		mode:     mode,
		keypad:   func(*trouble, *device) string { return reason },
		begin:    func(x *trouble) { x.f.notify(x.devices()[0]) },
		end:      func(x *trouble) { x.f.notify(x.devices()[0]) },
	}
}

func tellsBattery(x *trouble, d *device, o *lock.Observation) {
	if o.Battery.Known {
		x.fire(d)
	}
}
