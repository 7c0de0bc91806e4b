package sim

import (
	"testing"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

func TestWindowIsHalfOpen(t *testing.T) {
	r := newRig(t, "native.keypad")
	from, to := start.Add(time.Hour), start.Add(2*time.Hour)
	r.set(timed("g", "4829", from, to))
	for _, c := range []struct {
		at   time.Time
		want string
	}{
		{from.Add(-time.Nanosecond), outsideWindow}, {from, "opens"}, {to.Add(-time.Nanosecond), "opens"}, {to, outsideWindow},
	} {
		r.k.RunUntil(c.at)
		r.wants(c.at.Format("at 15:04:05.999999999"), r.try("4829"), c.want)
		r.wants("would open", len(r.WouldOpen("a")) == 1, c.want == "opens")
	}
	r.wants("the residue", len(r.Memory("a")), 1)
}

func TestGrainRoundsDown(t *testing.T) {
	r := newRig(t, "native.keypad")
	held := r.set(timed("g", "4829", start.Add(time.Hour+29*time.Second), start.Add(2*time.Hour+59*time.Second)))
	want := lock.Window{From: start.Add(time.Hour), To: start.Add(2 * time.Hour)}
	if !held.Window.Equal(want) || !r.Memory("a")[0].Window.Equal(want) {
		t.Errorf("held %v, want %v", held.Window, want)
	}
}

func TestKeypadReasons(t *testing.T) {
	r := newRig(t, "native.keypad")
	r.set(timed("past", "1111", start.Add(-2*time.Hour), start.Add(-time.Hour)))
	r.set(code("off", "2222"))
	if err := r.Edit(Edit{Lock: "a", Kind: EditDisable, Code: "off"}); err != nil {
		t.Fatal(err)
	}
	once := code("once", "3333")
	once.OneTime = true
	r.set(once)
	r.set(code("good", "4444"))
	r.set(timed("later", "5555", start.Add(48*time.Hour), start.Add(50*time.Hour)))
	r.set(timed("now", "5555", start.Add(-time.Hour), start.Add(time.Hour)))
	for _, c := range []struct{ digits, want string }{
		{"9999", unknownCode}, {"1111", outsideWindow}, {"4444", "opens"}, {"2222", disabledCode}, {"3333", "opens"}, {"3333", usedCode},
		{"5555", "opens"},
	} {
		r.wants(c.digits, r.try(c.digits), c.want)
	}
	try, _ := r.TryPIN("a", pinOf("5555"))
	r.wants("of two with these digits, the one that opens", try.Code, "now")
	o := r.observe()
	kinds := ""
	for _, e := range o.Entries {
		kinds += string(e.Kind) + ":" + e.Reason + " "
	}
	r.wants("log", kinds, "denied:unknown_code denied:expired_code opened: denied:disabled opened: denied:expired_code opened: opened: ")
	r.wants("who opened", o.Entries[len(o.Entries)-1].Ref, try.Ref)
	r.wants("next", o.Next, "8")
	again := r.call(Call{Verb: verbObserve, Known: knownSince("6")}).Observation
	r.wants("since a cursor", len(again.Entries), 2)
}

func TestLockout(t *testing.T) {
	r := newRig(t, "native.keypad")
	r.set(code("g", "4829"))
	for range 4 {
		r.wants("wrong", r.try("0000"), unknownCode)
	}
	r.wants("a right one forgives", r.try("4829"), "opens")
	for range 5 {
		r.try("0000")
	}
	r.wants("locked out", r.try("4829"), lockedOut)
	r.wants("modes", r.observe().Modes, []lock.Mode{lock.ModeLockout})
	r.run(time.Minute)
	r.wants("after the lockout", r.try("4829"), "opens")
	r.wants("modes", len(r.observe().Modes), 0)
}

// A clock that thinks in wall times and keeps its UTC offset is wrong by the change, from the change on, on both hemispheres.
func TestDSTNaive(t *testing.T) {
	for _, c := range []struct {
		zone     string
		from, to string // local times
		model    string
		wrongBy  time.Duration
	}{
		{zone: "Europe/Berlin", from: "2026-10-24T15:00", to: "2026-10-25T11:00", model: "dstnaive.keypad", wrongBy: -time.Hour},
		{zone: "Europe/Berlin", from: "2026-03-28T15:00", to: "2026-03-29T11:00", model: "dstnaive.keypad", wrongBy: time.Hour},
		{zone: "Australia/Sydney", from: "2026-04-04T15:00", to: "2026-04-05T11:00", model: "dstnaive.keypad", wrongBy: -time.Hour},
		{zone: "Australia/Sydney", from: "2026-10-03T15:00", to: "2026-10-04T11:00", model: "dstnaive.keypad", wrongBy: time.Hour},
		{zone: "Europe/Berlin", from: "2026-10-24T15:00", to: "2026-10-25T11:00", model: "native.keypad"},
		{zone: "Asia/Tokyo", from: "2026-10-24T15:00", to: "2026-10-25T11:00", model: "dstnaive.keypad"},
	} {
		t.Run(c.zone+" "+c.from+" "+c.model, func(t *testing.T) {
			zone, err := time.LoadLocation(c.zone)
			if err != nil {
				t.Fatal(err)
			}
			local := func(s string) time.Time {
				at, err := time.ParseInLocation("2006-01-02T15:04", s, zone)
				if err != nil {
					t.Fatal(err)
				}
				return at
			}
			from, to := local(c.from), local(c.to)
			r := rigOf(t, from.Add(-24*time.Hour), Spec{Locks: []LockSpec{{ID: "a", Model: c.model, Zone: c.zone}}})
			r.set(timed("g", "4829", from, to))
			end := to.Add(c.wrongBy)
			r.k.RunUntil(from.Add(-time.Second))
			r.wants("before the start", r.try("4829"), outsideWindow)
			r.k.RunUntil(from)
			r.wants("at the start", r.try("4829"), "opens")
			r.k.RunUntil(end.Add(-time.Second))
			r.wants("before the lock's end", r.try("4829"), "opens")
			r.k.RunUntil(end)
			r.wants("at the lock's end", r.try("4829"), outsideWindow)
			o := r.observe()
			if off := o.Clock.Sub(o.At); c.wrongBy != 0 && off != -c.wrongBy {
				t.Errorf("the clock shows itself off by %v, want %v", off, -c.wrongBy)
			}
			if err := r.Edit(Edit{Lock: "a", Kind: EditBattery}); err != nil {
				t.Fatal(err)
			}
			if o := r.observe(); !o.Clock.Equal(o.At) {
				t.Errorf("fresh batteries leave the clock off by %v", o.Clock.Sub(o.At))
			}
		})
	}
}

func TestDriftOfTheSpec(t *testing.T) {
	r := rigOf(t, start, Spec{Locks: []LockSpec{{ID: "a", Model: "native.keypad", Drift: 5 * time.Minute}}})
	r.set(timed("g", "4829", start.Add(time.Hour), start.Add(2*time.Hour)))
	r.k.RunUntil(start.Add(55 * time.Minute))
	r.wants("opens early", r.try("4829"), "opens")
	r.k.RunUntil(start.Add(115 * time.Minute))
	r.wants("ends early", r.try("4829"), outsideWindow)
	o := r.observe()
	r.wants("shows it", o.Clock.Sub(o.At), 5*time.Minute)
}

// NextTurn is exact: what would open changes at it, and not before.
func TestNextTurn(t *testing.T) {
	at := time.Date(2026, 3, 28, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name, model string
		drift       time.Duration
		fault       Fault
	}{
		{name: "plain", model: "native.keypad"},
		{name: "off", model: "native.keypad", drift: -7 * time.Minute},
		{name: "naive", model: "dstnaive.keypad", drift: 3 * time.Minute},
		{name: "drifting", model: "native.keypad", fault: Fault{Kind: "drift", Args: map[string]float64{"per_day": 500}}},
		{name: "elsewhere", model: "native.keypad", fault: Fault{Kind: "wrong-zone", Text: "Europe/Lisbon"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := rigOf(t, at, Spec{Locks: []LockSpec{{ID: "a", Model: c.model, Drift: c.drift}}})
			r.set(timed("g", "4829", at.Add(8*time.Hour), at.Add(26*time.Hour)))
			if c.fault.Kind != "" {
				r.inject(c.fault)
			}
			for _, open := range []int{1, 0} {
				next, ok := r.NextTurn("a")
				if !ok {
					t.Fatal("no turn")
				}
				r.k.RunUntil(next.Add(-time.Microsecond))
				r.wants("just before", len(r.WouldOpen("a")), 1-open)
				r.k.RunUntil(next.Add(time.Microsecond))
				r.wants("at the turn", len(r.WouldOpen("a")), open)
			}
			if _, ok := r.NextTurn("a"); ok {
				t.Error("a turn after the last")
			}
		})
	}
	r := newRig(t, "algo.keypad")
	r.set(lock.Credential{Code: "g", Window: lock.Window{From: start, To: start.Add(72 * time.Hour)}, Enabled: true, Offline: lock.OfflineHourly})
	next, _ := r.NextTurn("a")
	r.wants("the first use is due", next, start.Add(24*time.Hour))
}

func TestOfflineLockWorksAtTheKeypad(t *testing.T) {
	r := newRig(t, "native.keypad")
	r.set(timed("g", "4829", start.Add(time.Hour), start.Add(2*time.Hour)))
	r.inject(Fault{Kind: "offline", For: 4 * time.Hour})
	r.k.RunUntil(start.Add(time.Hour))
	r.wants("starts by itself", r.try("4829"), "opens")
	r.k.RunUntil(start.Add(2 * time.Hour))
	r.wants("ends by itself", r.try("4829"), outsideWindow)
	r.wants("no hint from an offline lock", len(r.notices), 0)
	r.k.RunUntil(start.Add(5 * time.Hour))
	r.wants("a hint when it is back", len(r.notices), 1)
	r.wants("the log was kept", len(r.observe().Entries), 2)
}

func TestAlgorithmicCodes(t *testing.T) {
	r := newRig(t, "algo.keypad")
	c := lock.Credential{Code: "g", Window: lock.Window{From: start.Add(time.Hour), To: start.Add(72 * time.Hour)}, Enabled: true, Offline: lock.OfflineHourly}
	r.inject(Fault{Kind: "offline"})
	held := r.set(c)
	if held.PIN.IsZero() || held.Ref == "" {
		t.Fatal("no digits were issued")
	}
	r.wants("again gives the same", r.set(c).PIN == held.PIN, true)
	r.wants("nothing in memory", len(r.Memory("a")), 0)
	r.wants("before", r.try(held.PIN.Reveal()), outsideWindow)
	res := r.call(Call{Verb: verbClear, At: held.Ref})
	r.wants("revoke", res.Err.Vendor, "irrevocable")
	if err := r.Edit(Edit{Lock: "a", Kind: EditReset}); err != nil {
		t.Fatal(err)
	}
	r.k.RunUntil(start.Add(2 * time.Hour))
	r.wants("opens without having been told", r.try(held.PIN.Reveal()), "opens")
	r.k.RunUntil(start.Add(71 * time.Hour))
	r.wants("used once, it lives on", r.try(held.PIN.Reveal()), "opens")
	r.wants("would open", len(r.WouldOpen("a")), 1)
	r.k.RunUntil(start.Add(72 * time.Hour))
	r.wants("at the end", r.try(held.PIN.Reveal()), outsideWindow)

	at := r.k.Now()
	late := r.set(lock.Credential{Code: "late", Window: lock.Window{From: at, To: at.Add(96 * time.Hour)}, Enabled: true, Offline: lock.OfflineHourly})
	once := r.set(lock.Credential{Code: "once", Window: lock.Window{From: at}, Enabled: true, Offline: lock.OfflineOneTime})
	r.wants("one-time", r.try(once.PIN.Reveal()), "opens")
	r.wants("one-time again", r.try(once.PIN.Reveal()), usedCode)
	r.k.RunUntil(at.Add(24 * time.Hour))
	r.wants("not used in the first day", r.try(late.PIN.Reveal()), unusedTooLong)

	for _, bad := range []struct {
		why  string
		kind lock.OfflineKind
		from time.Time
		d    time.Duration
	}{
		{"whole_hours_only", lock.OfflineHourly, at.Add(time.Minute), time.Hour},
		{"1_to_672_hours", lock.OfflineHourly, at, 673 * time.Hour},
		{"29_to_367_days_at_equal_times", lock.OfflineDaily, at, 28 * 24 * time.Hour},
		{"algorithmic_code_not_supported", lock.OfflineSlots, at, 24 * time.Hour},
	} {
		c := lock.Credential{Code: "x", Window: lock.Window{From: bad.from, To: bad.from.Add(bad.d)}, Enabled: true, Offline: bad.kind}
		if res := r.call(Call{Verb: verbSet, Want: c}); res.Err == nil || res.Err.Vendor != bad.why {
			t.Errorf("%s: %v", bad.why, res.Err)
		}
	}
	timed := newRig(t, "lockly")
	from := timed.k.Now().Truncate(time.Minute)
	for _, x := range []struct {
		why  string
		w    lock.Window
		code lock.CodeID
	}{
		{"whole_minutes_only", lock.Window{From: from.Add(time.Second), To: from.Add(2 * time.Hour)}, "odd"},
		{"1_hour_to_30_days", lock.Window{From: from, To: from.Add(721 * time.Hour)}, "long"},
		{"", lock.Window{From: from, To: from.Add(720 * time.Hour)}, "right"},
	} {
		res := timed.call(Call{Verb: verbSet, Want: lock.Credential{Code: x.code, Window: x.w, Enabled: true, Offline: lock.OfflineTimed}})
		if res.Err == nil && x.why != "" || res.Err != nil && res.Err.Vendor != x.why {
			t.Errorf("timed, %s: %v", x.why, res.Err)
		}
	}
	for i := range 4 {
		c := lock.Credential{Code: lock.CodeID('p' + rune(i)), Window: lock.Window{From: at.Add(100 * time.Hour), To: at.Add(101 * time.Hour)}, Enabled: true, Offline: lock.OfflineHourly}
		res := r.call(Call{Verb: verbSet, Want: c})
		r.wants("the fourth of one window is refused", res.Err != nil, i == 3)
	}
}

func TestOracodeTakesItsSlotsOnly(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, "oracode")
	c := lock.Credential{Code: "g", Enabled: true, Offline: lock.OfflineSlots, Window: lock.Window{
		From: time.Date(2026, 3, 28, 16, 0, 0, 0, zone), To: time.Date(2026, 3, 30, 10, 0, 0, 0, zone),
	}}
	held := r.set(c)
	r.wants("listed by the cloud", r.observe().Held[0].PIN == held.PIN, true)
	c.Code, c.Window.To = "h", c.Window.To.Add(time.Hour)
	r.wants("no such slot", r.call(Call{Verb: verbSet, Want: c}).Err.Vendor, "no_such_time_slot")
	r.wants("takes nothing else", r.call(Call{Verb: verbSet, Want: code("k", "482916")}).Err.Kind, "unsupported")
}
