package sim

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

// faultCases has one case per row of the registry, by layer and name. Each places the fault and shows that it does what its
// meaning says.
var faultCases = map[string]func(t *testing.T){
	"cloud/down": func(t *testing.T) {
		r := newRig(t, "jit.keypad")
		id := r.inject(Fault{On: "acc", Kind: "down"})
		r.failed(r.call(Call{Verb: verbSet, Want: code("g", "4829")}), driver.Offline, driver.BlameCloud)
		r.failed(r.call(Call{Verb: verbObserve}), driver.Offline, driver.BlameCloud)
		r.wants("memory", len(r.Memory("a")), 0)
		r.heal(id)
		r.run(time.Second)
		r.wants("the account is announced", r.notices, []driver.Notice{{Account: "acc"}})
	},
	"cloud/offline": func(t *testing.T) {
		r := newRig(t, "jit.keypad")
		r.k.At(start.Add(time.Second), ClassStep, func() { r.inject(Fault{On: "acc", Kind: "offline"}) })
		res := r.call(Call{Verb: verbSet, Want: code("g", "4829"), Deadline: start.Add(30 * time.Second)})
		r.failed(res, driver.Ambiguous, driver.BlameUnknown)
		r.wants("an answer under way is lost, its effect is not", len(r.Memory("a")), 1)
	},
	"cloud/5xx": func(t *testing.T) {
		r := newRig(t, "jit.keypad")
		id := r.inject(Fault{On: "acc", Kind: "5xx", Op: verbSet})
		r.failed(r.call(Call{Verb: verbSet, Want: code("g", "4829")}), driver.Ambiguous, driver.BlameCloud)
		r.wants("memory", len(r.Memory("a")), 0)
		r.observe()
		r.heal(id)
		r.inject(Fault{Kind: "5xx", Args: map[string]float64{"applied": 1, "status": 504}})
		res := r.call(Call{Verb: verbSet, Want: code("g", "4829")})
		r.failed(res, driver.Ambiguous, driver.BlameCloud)
		r.wants("status", res.Err.Vendor, "504")
		r.wants("memory after an applied one", len(r.Memory("a")), 1)
	},
	"cloud/429": func(t *testing.T) {
		r := newRig(t, "jit.keypad")
		r.inject(Fault{On: "acc", Kind: "429", After: 1})
		r.observe()
		res := r.call(Call{Verb: verbObserve})
		r.failed(res, driver.Throttled, driver.BlameCloud)
		r.wants("retry", res.Err.RetryAfter, time.Minute)
	},
	"cloud/slow": func(t *testing.T) {
		r := newRig(t, "jit.keypad")
		r.inject(Fault{On: "acc", Kind: "slow", Args: map[string]float64{"seconds": 45}})
		r.failed(r.call(Call{Verb: verbSet, Want: code("g", "4829"), Deadline: start.Add(30 * time.Second)}), driver.Ambiguous, driver.BlameUnknown)
		r.wants("at the deadline", len(r.Memory("a")), 0)
		r.run(time.Minute)
		r.wants("later", len(r.Memory("a")), 1)
	},
	"cloud/stale-read": func(t *testing.T) {
		r := newRig(t, "cloud.keypad")
		id := r.inject(Fault{On: "acc", Kind: "stale-read"})
		r.set(code("g", "4829"))
		r.run(time.Minute)
		r.wants("on the lock", len(r.Memory("a")), 1)
		r.wants("in the list", len(r.observe().Held), 0)
		r.heal(id)
		r.wants("in the list, healed", len(r.observe().Held), 1)
	},
	"cloud/eventual": func(t *testing.T) {
		r := newRig(t, "jit.keypad")
		r.inject(Fault{Kind: "eventual", Args: map[string]float64{"reads": 2}})
		r.set(code("g", "4829"))
		for i, want := range []int{0, 0, 1} {
			if got := len(r.observe().Held); got != want {
				t.Errorf("read %d lists %d, want %d", i+1, got, want)
			}
		}
	},
	"cloud/auth-expired": func(t *testing.T) {
		r := newRig(t, "jit.keypad")
		r.inject(Fault{On: "acc", Kind: "auth-expired"})
		r.failed(r.call(Call{Verb: verbObserve}), driver.Unauthorized, driver.BlameAccount)
	},
	"cloud/applied-but-error": func(t *testing.T) {
		r := newRig(t, "jit.keypad")
		r.inject(Fault{On: "acc", Kind: "applied-but-error"})
		r.failed(r.call(Call{Verb: verbSet, Want: code("g", "4829")}), driver.Ambiguous, driver.BlameCloud)
		r.wants("memory", len(r.Memory("a")), 1)
		r.wants("looks are well", len(r.observe().Held), 1)
	},
	"cloud/ok-but-lost": func(t *testing.T) {
		for _, model := range []string{"jit.keypad", "cloud.keypad", "schlage"} {
			r := newRig(t, model)
			r.inject(Fault{On: "acc", Kind: "ok-but-lost", Op: verbSet})
			held := r.set(code("g", "4829"))
			r.run(time.Minute)
			r.wants(model+": a ref is given", held.Ref != "", true)
			r.wants(model+": on the lock", len(r.Memory("a")), 0)
			r.wants(model+": listed only where the list is the cloud's", len(r.observe().Held) == 1, model != "jit.keypad")
			r.clear(held.Ref)
		}
		r := newRig(t, "cloud.keypad")
		held := r.set(code("g", "4829"))
		r.run(time.Minute)
		r.inject(Fault{Kind: "ok-but-lost"})
		r.clear(held.Ref)
		r.run(time.Minute)
		r.wants("a lost clear: listed", len(r.observe().Held), 0)
		r.wants("a lost clear: the door", r.try("4829"), "opens")
	},
	"cloud/partial-list": func(t *testing.T) {
		r := newRig(t, "jit.keypad")
		r.set(code("g", "4829"))
		r.set(code("h", "4830"))
		id := r.inject(Fault{Kind: "partial-list"})
		o := r.observe()
		r.wants("listed", len(o.Held), 1)
		r.wants("complete", o.Complete, false)
		r.heal(id)
		r.inject(Fault{Kind: "partial-list", Args: map[string]float64{"keep": 0, "lies": 1}})
		o = r.observe()
		r.wants("listed and complete", []any{len(o.Held), o.Complete}, []any{0, true})
	},
	"cloud/webhook-lost": func(t *testing.T) {
		r := newRig(t, "jit.keypad")
		r.inject(Fault{On: "acc", Kind: "webhook-lost"})
		r.edited()
		r.wants("hints", len(r.notices), 0)
	},
	"cloud/webhook-dup": func(t *testing.T) {
		r := newRig(t, "jit.keypad")
		r.inject(Fault{On: "acc", Kind: "webhook-dup"})
		r.edited()
		r.wants("hints", len(r.notices), 2)
	},
	"cloud/webhook-reorder": func(t *testing.T) {
		r := newRig(t, "jit.keypad", "jit.keypad")
		r.inject(Fault{Kind: "webhook-reorder", Args: map[string]float64{"spread": 3600}})
		r.edited()
		if err := r.Edit(Edit{Lock: "b", Kind: EditAdd, PIN: pinOf("7777")}); err != nil {
			t.Fatal(err)
		}
		r.run(2 * time.Hour)
		r.wants("the later overtakes", []lock.DeviceID{r.notices[0].Device, r.notices[1].Device}, []lock.DeviceID{"b", "a"})
	},

	"hub/offline": func(t *testing.T) {
		r := newRig(t, "jit.keypad", "jit.keypad")
		id := r.inject(Fault{On: "h", Kind: "offline"})
		r.failed(r.call(Call{Verb: verbSet, Want: code("g", "4829")}), driver.Offline, driver.BlameHub)
		r.wants("reach", r.observe().Reach, lock.HubDown)
		r.heal(id)
		r.run(time.Second)
		r.wants("each lock is announced", len(r.notices), 2)
		r.wants("reach, healed", r.observe().Reach, lock.Reached)
	},
	"hub/queue-full": func(t *testing.T) {
		r := newRig(t, "jit.keypad")
		r.inject(Fault{On: "h", Kind: "queue-full"})
		r.failed(r.call(Call{Verb: verbSet, Want: code("g", "4829")}), driver.Throttled, driver.BlameHub)
	},
	"hub/reboot": func(t *testing.T) {
		r := newRig(t, "jit.keypad")
		r.k.At(start.Add(300*time.Millisecond), ClassStep, func() { r.inject(Fault{On: "h", Kind: "reboot", Args: map[string]float64{"every": 3600}}) })
		r.failed(r.call(Call{Verb: verbSet, Want: code("g", "4829"), Deadline: start.Add(20 * time.Second)}), driver.Ambiguous, driver.BlameUnknown)
		r.wants("a job under way is lost", len(r.Memory("a")), 0)
		r.wants("reach", r.observe().Reach, lock.HubDown)
		r.k.RunUntil(start.Add(2 * time.Minute))
		r.wants("reach, up again", r.observe().Reach, lock.Reached)
		r.wants("hints", len(r.notices), 1)
		r.k.RunUntil(start.Add(time.Hour + time.Minute))
		r.wants("reach, down again", r.observe().Reach, lock.HubDown)
		r.k.RunUntil(start.Add(time.Hour + 3*time.Minute))
		r.wants("hints", len(r.notices), 2)
	},
	"hub/wrong-zone": func(t *testing.T) {
		r := newRig(t, "native.keypad")
		id := r.inject(Fault{On: "h", Kind: "wrong-zone", Text: "Europe/London"})
		wish := lock.Window{From: start.Add(3 * time.Hour), To: start.Add(9 * time.Hour)}
		r.set(timed("g", "4829", wish.From, wish.To))
		r.wants("on the lock", r.Memory("a")[0].Window.From.Sub(wish.From), -time.Hour)
		r.wants("looks right", r.observe().Held[0].Window.Equal(wish), true)
		r.heal(id)
		r.wants("looks right, healed", r.observe().Held[0].Window.Equal(wish), false)
	},

	"radio/offline": func(t *testing.T) {
		r := newRig(t, "jit.keypad")
		r.set(code("g", "4829"))
		r.inject(Fault{Kind: "offline", For: time.Hour})
		r.failed(r.call(Call{Verb: verbClear, At: "1"}), driver.Offline, driver.BlameLock)
		o := r.observe()
		r.wants("reach, complete, held", []any{o.Reach, o.Complete, len(o.Held)}, []any{lock.LockDown, false, 0})
		r.wants("keypad", r.try("4829"), "opens")
		r.run(2 * time.Hour)
		r.wants("hints", len(r.notices), 1)
	},
	"radio/latency": func(t *testing.T) {
		r := newRig(t, "jit.keypad")
		r.inject(Fault{On: "h", Kind: "latency", Args: map[string]float64{"mean": 20, "jitter": 0}})
		r.set(code("g", "4829"))
		if took := r.k.Now().Sub(start); took < 20*time.Second || took > 25*time.Second {
			t.Errorf("took %v", took)
		}
	},
	"radio/loss": func(t *testing.T) {
		r := newRig(t, "jit.keypad")
		r.inject(Fault{Kind: "loss"})
		r.failed(r.call(Call{Verb: verbSet, Want: code("g", "4829")}), driver.Ambiguous, driver.BlameUnknown)
		r.wants("memory", len(r.Memory("a")), 0)
	},
	"radio/lost-ack": func(t *testing.T) {
		r := newRig(t, "jit.keypad")
		r.inject(Fault{Kind: "lost-ack"})
		r.failed(r.call(Call{Verb: verbSet, Want: code("g", "4829")}), driver.Ambiguous, driver.BlameUnknown)
		r.wants("memory", len(r.Memory("a")), 1)
		r.wants("looks are answered", len(r.observe().Held), 1)
	},
	"radio/one-way": func(t *testing.T) {
		r := newRig(t, "jit.keypad")
		r.inject(Fault{Kind: "one-way"})
		r.failed(r.call(Call{Verb: verbSet, Want: code("g", "4829")}), driver.Ambiguous, driver.BlameUnknown)
		r.failed(r.call(Call{Verb: verbObserve}), driver.Ambiguous, driver.BlameUnknown)
		r.wants("memory", len(r.Memory("a")), 1)
	},
	"radio/duplicate": func(t *testing.T) {
		r := newRig(t, "jit.keypad")
		r.inject(Fault{Kind: "duplicate", Op: verbSet, Args: map[string]float64{"delay": 60}})
		held := r.set(code("g", "4829"))
		r.clear(held.Ref)
		r.wants("cleared", len(r.Memory("a")), 0)
		r.run(2 * time.Minute)
		r.wants("the second copy came after the clear", len(r.Memory("a")), 1)
	},
	"radio/reorder": func(t *testing.T) {
		r := newRig(t, "jit.keypad")
		id := r.inject(Fault{Kind: "reorder"})
		r.failed(r.call(Call{Verb: verbSet, Want: code("g", "4829")}), driver.Ambiguous, driver.BlameUnknown)
		r.heal(id)
		r.clear("1")
		r.wants("cleared", len(r.Memory("a")), 0)
		r.run(2 * time.Minute)
		r.wants("the set came after the clear", len(r.Memory("a")), 1)
	},

	"lock/slots-full": func(t *testing.T) {
		r := newRig(t, "jit.keypad")
		r.set(code("g", "4829"))
		r.inject(Fault{Kind: "slots-full"})
		r.failed(r.call(Call{Verb: verbSet, Want: code("h", "4830")}), driver.Full, driver.BlameLock)
		r.set(code("g", "4831"))
	},
	"lock/refuses-duplicate": func(t *testing.T) {
		r := newRig(t, "native.keypad")
		r.set(timed("g", "4829", start, start.Add(time.Hour)))
		later := timed("h", "4829", start.Add(2*time.Hour), start.Add(3*time.Hour))
		id := r.inject(Fault{Kind: "refuses-duplicate"})
		r.failed(r.call(Call{Verb: verbSet, Want: later}), driver.Taken, driver.BlameRequest)
		r.heal(id)
		r.set(later)
	},
	"lock/refuses-known-pin": func(t *testing.T) {
		r := newRig(t, "jit.keypad")
		r.clear(r.set(code("g", "4829")).Ref)
		r.inject(Fault{Kind: "refuses-known-pin"})
		r.failed(r.call(Call{Verb: verbSet, Want: code("h", "4829")}), driver.Taken, driver.BlameLock)
		r.set(code("h", "4830"))
	},
	"lock/rejects": func(t *testing.T) {
		r := newRig(t, "jit.keypad")
		r.inject(Fault{Kind: "rejects", Text: "-2032"})
		res := r.call(Call{Verb: verbSet, Want: code("g", "4829")})
		r.failed(res, driver.Rejected, driver.BlameRequest)
		r.wants("reason", res.Err.Vendor, "-2032")
	},
	"lock/clear-noop": func(t *testing.T) {
		r := newRig(t, "jit.keypad")
		held := r.set(code("g", "4829"))
		r.inject(Fault{Kind: "clear-noop"})
		r.clear(held.Ref)
		r.wants("still opens", r.try("4829"), "opens")
		res := r.call(Call{Verb: verbSet, At: held.Ref, Want: code("g", "9351")})
		r.wants("overwriting works", res.Err, (*driver.Error)(nil))
		r.wants("the old digits", r.try("4829"), unknownCode)
	},
	"lock/half-schedule": func(t *testing.T) {
		r := newRig(t, "native.keypad")
		r.inject(Fault{Kind: "half-schedule"})
		r.failed(r.call(Call{Verb: verbSet, Want: timed("g", "4829", start.Add(time.Hour), start.Add(2*time.Hour))}), driver.Ambiguous, driver.BlameLock)
		r.wants("opens at once", r.try("4829"), "opens")
		r.wants("read back without a window", r.observe().Held[0].Window.IsZero(), true)
	},
	"lock/schedule-ignored": func(t *testing.T) {
		r := newRig(t, "native.keypad")
		r.inject(Fault{Kind: "schedule-ignored"})
		r.set(timed("g", "4829", start.Add(time.Hour), start.Add(2*time.Hour)))
		r.wants("would open", len(r.WouldOpen("a")), 1)
		r.wants("looking is not typing", r.Fired("schedule-ignored"), 0)
		r.wants("opens early", r.try("4829"), "opens")
		r.run(3 * time.Hour)
		r.wants("opens late", r.try("4829"), "opens")
	},
	"lock/sentinel": func(t *testing.T) {
		r := newRig(t, "jit.keypad")
		r.set(code("g", "4829"))
		r.inject(Fault{Kind: "sentinel"})
		held := r.observe().Held
		r.wants("listed", len(held), 2)
		r.wants("slot, enabled, digits", []any{held[1].Slot, held[1].Enabled, held[1].PIN.Reveal()}, []any{2, false, "0000"})
		r.wants("memory", len(r.Memory("a")), 1)
	},
	"lock/masked-read": func(t *testing.T) {
		r := newRig(t, "jit.keypad")
		r.set(code("g", "4829"))
		r.inject(Fault{Kind: "masked-read"})
		r.wants("hidden", r.observe().Held[0].PIN.IsZero(), true)
	},
	"lock/bit-rot": func(t *testing.T) {
		r := newRig(t, "cloud.keypad")
		r.inject(Fault{Kind: "bit-rot"})
		r.set(code("g", "4829"))
		r.run(5 * time.Minute)
		r.wants("on the lock", len(r.Memory("a")), 0)
		r.wants("the cloud does not know", len(r.observe().Held), 1)
		r.set(code("h", "4830"))
		r.set(code("i", "4831"))
		r.run(5 * time.Minute)
		r.wants("one is lost, not more", len(r.Memory("a")), 2)
		r.inject(Fault{Kind: "bit-rot", Text: "i"})
		r.wants("the one that is named", r.Memory("a")[0].Code, "h")
	},
	"lock/ghost-slot": func(t *testing.T) {
		r := newRig(t, "jit.keypad")
		id := r.inject(Fault{Kind: "ghost-slot", Args: map[string]float64{"slot": 1}})
		r.clear("1")
		held := r.observe().Held
		r.wants("occupied by nothing", []any{len(held), held[0].Slot, held[0].PIN.IsZero()}, []any{1, 1, true})
		r.failed(r.call(Call{Verb: verbSet, At: "1", Want: code("g", "4829")}), driver.Taken, driver.BlameLock)
		r.wants("the next free slot", r.set(code("g", "4829")).Slot, 2)
		r.wants("opens nothing", len(r.WouldOpen("a")), 1)
		r.heal(id)
		r.wants("gone", len(r.Memory("a")), 1)
	},
	"lock/drift": func(t *testing.T) {
		r := newRig(t, "native.keypad")
		r.set(timed("g", "4829", start.Add(48*time.Hour), start.Add(72*time.Hour)))
		r.inject(Fault{Kind: "drift", Args: map[string]float64{"per_day": 300}})
		r.k.RunUntil(start.Add(48*time.Hour - 9*time.Minute))
		r.wants("ten minutes fast after two days", r.try("4829"), "opens")
		if off := r.observe().Clock.Sub(r.k.Now()); off < 9*time.Minute {
			t.Errorf("the clock shows itself off by %v", off)
		}
	},
	"lock/clock-jump": func(t *testing.T) {
		r := newRig(t, "native.keypad")
		r.set(timed("g", "4829", start.Add(time.Hour), start.Add(3*time.Hour)))
		r.inject(Fault{Kind: "clock-jump", For: time.Minute})
		r.wants("an hour ahead", r.try("4829"), "opens")
		r.run(2 * time.Minute)
		r.wants("set right", r.try("4829"), outsideWindow)
	},
	"lock/dst-naive": func(t *testing.T) {
		at := time.Date(2026, 3, 28, 12, 0, 0, 0, time.UTC)
		r := rigOf(t, at, Spec{Locks: []LockSpec{{ID: "a", Model: "native.keypad"}}})
		r.inject(Fault{Kind: "dst-naive"})
		to := time.Date(2026, 3, 29, 9, 0, 0, 0, time.UTC)
		r.set(timed("g", "4829", at, to))
		r.k.RunUntil(to)
		r.wants("an hour late", r.try("4829"), "opens")
		r.run(time.Hour)
		r.wants("then over", r.try("4829"), outsideWindow)
	},
	"lock/wrong-zone": func(t *testing.T) {
		r := newRig(t, "native.keypad")
		r.set(timed("g", "4829", start.Add(2*time.Hour), start.Add(4*time.Hour)))
		r.inject(Fault{Kind: "wrong-zone", Text: "Europe/Helsinki"})
		r.k.RunUntil(start.Add(time.Hour))
		r.wants("an hour early", r.try("4829"), "opens")
		r.k.RunUntil(start.Add(3 * time.Hour))
		r.wants("ends early", r.try("4829"), outsideWindow)
		r.wants("tells its zone", r.observe().Zone, "Europe/Helsinki")
	},
	"lock/reset": func(t *testing.T) {
		r := newRig(t, "jit.keypad")
		r.set(code("old", "4829"))
		r.run(time.Hour)
		r.set(code("new", "4830"))
		r.inject(Fault{Kind: "reset"})
		r.wants("reach", r.observe().Reach, lock.LockDown)
		r.run(time.Minute)
		held := r.observe().Held
		r.wants("only the old one", []any{len(held), held[0].Tag}, []any{1, "t-old"})
		r.wants("hints", len(r.notices), 1)
	},
	"lock/factory": func(t *testing.T) {
		r := newRig(t, "jit.keypad")
		r.set(code("g", "4829"))
		r.inject(Fault{Kind: "factory"})
		r.wants("memory", len(r.Memory("a")), 0)
	},
	"lock/privacy":  refuses("privacy", lock.ModePrivacy),
	"lock/vacation": refuses("vacation", lock.ModeVacation),
	"lock/office":   refuses("office", lock.ModeOffice),
	"lock/eco":      refuses("power_saving", lock.ModePowerSaving),
	"lock/keypad-lockout": func(t *testing.T) {
		refuses(lockedOut, lock.ModeLockout)(t)
	},
	"lock/jam": func(t *testing.T) {
		r := newRig(t, "jit.keypad")
		r.set(code("g", "4829"))
		r.inject(Fault{Kind: "jam", For: time.Minute})
		r.wants("right", r.try("4829"), "jammed")
		r.wants("wrong", r.try("1111"), unknownCode)
		r.run(time.Minute)
		r.wants("healed", r.try("4829"), "opens")
	},
	"lock/battery": func(t *testing.T) {
		r := newRig(t, "jit.keypad")
		r.set(code("g", "4829"))
		r.inject(Fault{Kind: "battery", Args: map[string]float64{"level": 0.2, "per_day": 0.1}})
		r.run(24 * time.Hour)
		if level := r.observe().Battery.Level; math.Abs(level-0.1) > 0.01 {
			t.Errorf("level %v", level)
		}
		r.run(25 * time.Hour)
		r.wants("empty", r.try("4829"), deadBattery)
		r.wants("reach", r.observe().Reach, lock.LockDown)
		if err := r.Edit(Edit{Lock: "a", Kind: EditBattery}); err != nil {
			t.Fatal(err)
		}
		r.wants("fresh", r.try("4829"), "opens")
		r.wants("level", r.observe().Battery.Level, 1)
	},
	"lock/battery-cliff": func(t *testing.T) {
		r := newRig(t, "jit.keypad")
		r.set(code("g", "4829"))
		r.inject(Fault{Kind: "battery-cliff", Args: map[string]float64{"lasts": 86400, "loss": 0.5}})
		lost := 0
		for range 20 {
			if res := r.call(Call{Verb: verbObserve}); res.Err != nil {
				lost++
			} else if res.Observation.Battery.Level != 0.99 {
				t.Errorf("level %v", res.Observation.Battery.Level)
			}
		}
		if lost == 0 || lost == 20 {
			t.Errorf("%d of 20 looks were lost", lost)
		}
		r.run(24 * time.Hour)
		r.wants("over the cliff", r.try("4829"), deadBattery)
	},

	"actor/foreign-write": func(t *testing.T) {
		r := newRig(t, "jit.keypad")
		r.inject(Fault{Kind: "foreign-write", Text: "4821", Args: map[string]float64{"slot": 3, "count": 2}})
		r.wants("opens", r.try("4821"), "opens")
		held := r.observe().Held
		r.wants("slot", held[0].Slot, 3)
		r.wants("foreign", r.Memory("a")[0].Foreign, true)
		r.run(5 * time.Minute)
		r.wants("overwritten by the second", r.try("4821"), unknownCode)
	},
	"actor/manual-edit": func(t *testing.T) {
		for change, want := range map[string]string{"": unknownCode, "disable": disabledCode, "remove": unknownCode, "name": "opens", "window": "opens"} {
			r := newRig(t, "native.keypad")
			r.inject(Fault{Kind: "manual-edit", Text: change})
			r.set(code("g", "4829"))
			r.run(2 * time.Minute)
			r.wants("after "+change, r.try("4829"), want)
			r.wants("once", r.Fired("manual-edit"), 1)
			if len(r.notices) == 0 {
				t.Error("no hint")
			}
		}
	},
	"actor/intruder": func(t *testing.T) {
		r := newRig(t, "jit.keypad")
		held := r.set(code("g", "4829"))
		id := r.inject(Fault{Kind: "intruder"})
		for range 3 {
			r.wants("rewritten", r.try("4829"), unknownCode)
			if res := r.call(Call{Verb: verbSet, At: held.Ref, Want: code("g", "4829")}); res.Err != nil {
				t.Fatal(res.Err)
			}
			r.wants("corrected", r.try("4829"), "opens")
			r.run(time.Minute)
		}
		r.wants("writes", r.Fired("intruder") >= 3, true)
		r.heal(id)
		r.call(Call{Verb: verbSet, At: held.Ref, Want: code("g", "4829")})
		r.run(time.Hour)
		r.wants("peace", r.try("4829"), "opens")
	},
	"actor/guest-typing": func(t *testing.T) {
		r := newRig(t, "jit.keypad")
		r.inject(Fault{Kind: "guest-typing", Args: map[string]float64{"every": 10, "times": 5}})
		r.run(45 * time.Second)
		r.wants("locked out", r.observe().Modes, []lock.Mode{lock.ModeLockout})
		r.run(time.Hour)
		r.wants("tries", r.Fired("guest-typing"), 5)
	},
	"actor/mistypes": func(t *testing.T) {
		r := newRig(t, "jit.keypad")
		r.set(code("g", "4829"))
		r.inject(Fault{Kind: "mistypes", For: time.Minute})
		r.wants("mistyped", r.try("4829"), unknownCode)
		r.run(time.Minute)
		r.wants("typed", r.try("4829"), "opens")
	},
}

// refuses is the case of a mode.
func refuses(reason string, mode lock.Mode) func(t *testing.T) {
	return func(t *testing.T) {
		r := newRig(t, "jit.keypad")
		r.set(code("g", "4829"))
		name := map[string]string{"power_saving": "eco", lockedOut: "keypad-lockout"}[reason]
		if name == "" {
			name = reason
		}
		r.inject(Fault{Kind: name, For: time.Hour})
		r.wants("typed", r.try("4829"), reason)
		r.wants("still held", len(r.observe().Held), 1)
		r.wants("modes", r.observe().Modes, []lock.Mode{mode})
		r.run(time.Hour)
		r.wants("over", r.try("4829"), "opens")
		r.wants("modes", len(r.observe().Modes), 0)
	}
}

func (r *rig) failed(res Result, kind driver.Kind, blame driver.Blame) {
	r.t.Helper()
	if res.Err == nil || res.Err.Kind != kind || res.Err.Blame != blame {
		r.t.Errorf("%v, want %s blamed on %s", res.Err, kind, blame)
	}
}

// edited makes a hint: somebody adds a code by hand.
func (r *rig) edited() {
	r.t.Helper()
	if err := r.Edit(Edit{Lock: "a", Kind: EditAdd, PIN: pinOf("7777")}); err != nil {
		r.t.Fatal(err)
	}
	r.run(time.Minute)
}

func TestEveryFault(t *testing.T) {
	rows := map[string]bool{}
	for _, k := range Kinds() {
		name := string(k.Layer) + "/" + k.Name
		if rows[name] {
			t.Errorf("%s stands twice", name)
		}
		rows[name] = true
		run := faultCases[name]
		if run == nil {
			t.Errorf("%s has no case", name)
			continue
		}
		if k.Meaning == "" || len(k.Targets) == 0 || k.PerCall && len(k.Verbs) == 0 {
			t.Errorf("%s is not described", name)
		}
		t.Run(name, run)
	}
	for name := range faultCases {
		if !rows[name] {
			t.Errorf("%s is a case of nothing", name)
		}
	}
}

// The vocabulary of the design, name by name.
func TestVocabulary(t *testing.T) {
	have := map[string]bool{}
	for _, k := range Kinds() {
		have[k.Name] = true
	}
	for _, name := range strings.Fields(`down 5xx 429 slow stale-read auth-expired applied-but-error ok-but-lost partial-list eventual
		webhook-lost webhook-dup webhook-reorder offline queue-full reboot wrong-zone latency loss lost-ack duplicate reorder one-way
		slots-full refuses-duplicate refuses-known-pin clear-noop sentinel masked-read bit-rot schedule-ignored half-schedule drift
		dst-naive reset privacy vacation eco battery battery-cliff jam keypad-lockout ghost-slot rejects factory foreign-write
		manual-edit intruder guest-typing mistypes clock-jump`) {
		if !have[name] {
			t.Errorf("no fault is called %s", name)
		}
	}
}

func TestInjectRefuses(t *testing.T) {
	r := newRig(t, "jit.keypad")
	for _, c := range []struct {
		x    Fault
		want string
	}{
		{Fault{On: "a", Kind: "lost-akc"}, `kind: "lost-akc" is unknown; the nearest is "lost-ack"`},
		{Fault{On: "z", Kind: "lost-ack"}, `no lock, hub or account is called "z"`},
		{Fault{On: "acc", Kind: "lost-ack"}, `can't be placed on an account "acc"`},
		{Fault{On: "a", Kind: "half-schedule"}, "it honours no schedules"},
		{Fault{On: "a", Kind: "lost-ack", P: 1.5}, "p: must lie between 0 and 1"},
		{Fault{On: "a", Kind: "lost-ack", Op: "unlock"}, "op: lost-ack strikes [set clear] only"},
		{Fault{On: "a", Kind: "offline", P: 0.5}, "offline does not strike single calls"},
		{Fault{On: "a", Kind: "lost-ack", For: -1}, "for: must not be negative"},
		{Fault{On: "a", Kind: "lost-ack", After: -1}, "after: must not be negative"},
		{Fault{On: "acc", Kind: "slow", Args: map[string]float64{"secs": 1}}, `args: slow reads no "secs", only [seconds]`},
		{Fault{On: "acc", Kind: "slow", Args: map[string]float64{"seconds": math.NaN()}}, "args: seconds must be a number"},
		{Fault{On: "acc", Kind: "slow", Text: "x"}, "text: slow reads none"},
		{Fault{On: "h", Kind: "wrong-zone", Text: "Nowhere"}, "text: wrong-zone needs an IANA zone"},
		{Fault{On: "a", Kind: "foreign-write", Text: "12x4"}, "text: a PIN is 1 to 12 digits"},
		{Fault{On: "a", Kind: "manual-edit", Text: "paint"}, `text: "paint" is no change`},
	} {
		if _, err := r.Inject(c.x); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
	r.wants("faults", len(r.Faults()), 0)
	if err := r.Heal("f9"); err == nil {
		t.Error("what is not there was healed")
	}
}

func TestFaultsComeAndGo(t *testing.T) {
	r := newRig(t, "jit.keypad")
	r.inject(Fault{Kind: "offline", From: start.Add(time.Hour), For: time.Hour})
	r.inject(Fault{Kind: "privacy"})
	r.wants("in order of injection", []string{r.Faults()[0].ID, r.Faults()[1].ID}, "[f1 f2]")
	r.wants("not yet", r.observe().Reach, lock.Reached)
	r.k.RunUntil(start.Add(90 * time.Minute))
	r.wants("now", r.observe().Reach, lock.LockDown)
	r.k.RunUntil(start.Add(2 * time.Hour))
	r.wants("over", r.observe().Reach, lock.Reached)
	r.heal("a")
	r.wants("healed by target", len(r.Faults()), 0)
	var told []string
	for _, x := range r.records {
		if x.Kind == KindFault || x.Kind == KindHeal || x.Kind == KindFired {
			told = append(told, string(x.Kind)+" "+x.Name)
		}
	}
	r.wants("told", told, "[fault privacy fired privacy fault offline fired offline heal offline heal privacy]")
}

func TestChance(t *testing.T) {
	r := newRig(t, "jit.keypad")
	r.inject(Fault{On: "acc", Kind: "5xx", P: 0.3})
	failed := 0
	for range 200 {
		if r.call(Call{Verb: verbObserve}).Err != nil {
			failed++
		}
	}
	if failed < 40 || failed > 80 {
		t.Errorf("%d of 200 calls failed at p = 0.3", failed)
	}
	r.wants("fired", r.Fired("5xx"), failed)
}
