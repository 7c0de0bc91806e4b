package scenario

import (
	"errors"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/internal/strict"
	"github.com/accesscodes/lockctl/lock"
)

const sample = `[scenario]
name  = "lost acknowledgement at check-in"
start = 2026-03-28T08:00:00+01:00
run   = "48h"
seed  = 7
needs = ["list"]

[[lock]]
id = "front"
model = "jit.keypad"

[[at]]
t = "0s"
create = { id = "guest", lock = "front", pin = "4829", starts = "+4h", ends = "+28h" }

[[at]]
t = "3h25m"
fault = { on = "front", kind = "lost-ack", for = "20m" }

[[at]]
t = "5h"
type = { lock = "front", code = "guest", opens = true }

[[expect]]
t = "5h"
code = "guest"
status = "set"

[check]
always    = ["window", "one-effect"]
sometimes = ["fault:lost-ack"]
limits    = { exposure = "1m", sets = 2, clears = 1 }
`

func TestDecodeReadsAStory(t *testing.T) {
	f, err := Decode("x.toml", []byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, 3, 28, 7, 0, 0, 0, time.UTC)
	if !f.Start.Equal(start) || f.Run != 48*time.Hour || f.Seed != 7 || f.Name != "lost acknowledgement at check-in" {
		t.Errorf("head: %+v", f)
	}
	if len(f.Steps) != 3 || len(f.Expects) != 1 || len(f.Spec.Locks) != 1 {
		t.Fatalf("got %d steps, %d expectations, %d locks", len(f.Steps), len(f.Expects), len(f.Spec.Locks))
	}
	create := f.Steps[0].Do.(Command).Action.(engine.Create)
	if create.ID != "guest" || create.PIN.Reveal() != "4829" || !create.Ends.Equal(start.Add(28*time.Hour)) {
		t.Errorf("create: %+v", create)
	}
	fault := f.Steps[1].Do.(Fault).Fault
	if fault.Kind != "lost-ack" || fault.For != 20*time.Minute || !fault.From.Equal(start.Add(3*time.Hour+25*time.Minute)) {
		t.Errorf("fault: %+v", fault)
	}
	if c := f.Expects[0].Code; c == nil || *c.Status != engine.StatusSet || f.Expects[0].Line != 24 {
		t.Errorf("expect: %+v", f.Expects[0])
	}
	if f.Check.Sometimes[0].Name != "lost-ack" || *f.Check.Limits.Sets != 2 {
		t.Errorf("check: %+v", f.Check)
	}
}

func TestInlineArraysAreTheSameAsTables(t *testing.T) {
	inline := `scenario = { name = "x", start = 2026-03-28T08:00:00+01:00, run = "1h" }
lock = [{ id = "front", model = "jit.keypad" }]
at = [
  { t = "0s", create = { id = "guest", lock = "front" } },
  { t = "1m", delete = { code = "guest" } },
]
`
	f, err := Decode("x.toml", []byte(inline))
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Steps) != 2 || f.Steps[1].Line != 5 || f.Seed != 1 {
		t.Errorf("got %+v", f.Steps)
	}
}

func TestFleetsAndStarsAreSpeltOut(t *testing.T) {
	f, err := Decode("x.toml", []byte(story(`[[lock]]
id = "room"
model = "native.keypad"
count = 12
[[at]]
t = "0s"
create = { id = "stay-*", lock = "room-*", starts = "+2h", ends = "+3h" }
[[at]]
t = "1m"
fault = { on = "room-*", kind = "lost-ack" }
[[at]]
t = "10m"
every = "10m"
until = "1h"
type = { lock = "room-003", pin = "1234", opens = false }
[[expect]]
code = "stay-*"
count = 11
status = "gone"
`)))
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Spec.Locks) != 13 || len(f.Steps) != 12+12+5 {
		t.Fatalf("got %d locks, %d steps", len(f.Spec.Locks), len(f.Steps))
	}
	if c := f.Steps[2].Do.(Command).Action.(engine.Create); c.ID != "stay-003" || c.Device != "room-003" {
		t.Errorf("third create: %+v", c)
	}
	if e := f.Expects[0].Code; len(e.Codes) != 12 || *e.Count != 11 {
		t.Errorf("expectation: %+v", e)
	}
}

func TestLocalTimesAreThoseOfTheLock(t *testing.T) {
	f, err := Decode("x.toml", []byte(story(`[[lock]]
id = "bronx"
model = "jit.keypad"
zone = "America/New_York"
[[at]]
t = "0s"
create = { id = "guest", lock = "bronx", starts = "2026-03-28 15:00", ends = 2026-03-29T11:00 }
`)))
	if err != nil {
		t.Fatal(err)
	}
	c := f.Steps[0].Do.(Command).Action.(engine.Create)
	if want := time.Date(2026, 3, 28, 19, 0, 0, 0, time.UTC); !c.Starts.Equal(want) {
		t.Errorf("starts %v, want %v", c.Starts, want)
	}
}

func TestAByteOrderMarkIsLeftOut(t *testing.T) {
	if _, err := Decode("x.toml", []byte("\ufeff"+sample)); err != nil {
		t.Error(err)
	}
}

func TestEveryMistakeOfAFileIsReportedInOrder(t *testing.T) {
	_, err := Decode("x.toml", []byte(`[scenario]
name  = "x"
start = 2026-03-28T08:00:00+01:00
run   = 48
[[lock]]
id = "front"
model = "jit.keypat"
[[expect]]
cod = "guest"
[[at]]
t = "1h"
create = { id = "guest", lock = "frnt", starts = "+4h", ends = "+2h" }
`))
	list, ok := errors.AsType[Diagnostics](err)
	if !ok {
		t.Fatalf("got %v", err)
	}
	want := `x.toml:4:9: run: 48 lacks a unit: write "48s", "48m" or "48h"
x.toml:7:9: model: no model is called "jit.keypat"; did you mean "jit.keypad"?
x.toml:8:3: [[expect]] is about nothing: give it a code, a lock or an event
x.toml:9:1: unknown key "cod" in [[expect]]; did you mean "code"?
x.toml:12:33: lock: no lock is called "frnt"; did you mean "front"?`
	if list.Error() != want {
		t.Errorf("got\n%s\nwant\n%s", list, want)
	}
}

func TestMistakesAreBounded(t *testing.T) {
	_, err := Decode("x.toml", []byte(story(strings.Repeat("[[expect]]\n", 200))))
	list, _ := errors.AsType[Diagnostics](err)
	if len(list) != strict.MaxDiagnostics+1 || !strings.Contains(list[strict.MaxDiagnostics].Text, "150 more") {
		t.Errorf("got %d: %v", len(list), list[len(list)-1])
	}
}

func TestNoSentenceHoldsDigitsOfAPIN(t *testing.T) {
	for _, bad := range []string{`"83520164x"`, `83520164`, `["83520164"]`, `"83520164835201648352"`} {
		_, err := Decode("x.toml", []byte(story(`[[at]]
t = "0s"
create = { id = "guest", lock = "front", pin = `+bad+" }\n")))
		if err == nil || strings.Contains(err.Error(), "83520164") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// story is a scenario of ten hours with one lock, of seven lines, and more.
func story(more string) string {
	return `[scenario]
name  = "x"
start = 2026-03-28T08:00:00+01:00
run   = "10h"
[[lock]]
id = "front"
model = "jit.keypad"
` + more
}

func TestTellingIsFollowed(t *testing.T) {
	f, err := Decode("x.toml", []byte(story(`[[at]]
t = "0s"
create = { id = "guest", lock = "front" }
[[at]]
t = "2m"
type = { code = "guest" }
[[at]]
t = "1m"
reveal = "guest"
`)))
	if err != nil {
		t.Fatal(err)
	}
	if typed := f.Steps[2].Do.(Type); typed.Lock != lock.DeviceID("front") {
		t.Errorf("typed at %q", typed.Lock)
	}
}
