package shrink

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/accesscodes/lockctl/sim/scenario"
	"github.com/accesscodes/lockctl/sim/swarm"
)

// crowd is a story of a busy house in which one thing goes wrong: a guest stands before a lock that was out of reach.
func crowd() string {
	var b strings.Builder
	b.WriteString(`[scenario]
name = "a busy house"
about = "Many come and go."
start = 2026-03-28T08:17:23+01:00
run = "96h"
seed = 7
needs = ["jit"]
[[account]]
id = "cloud"
rate = 600
[[hub]]
id = "attic"
account = "cloud"
[[lock]]
id = "front"
model = "jit.keypad"
hub = "attic"
battery = 0.9
[[lock]]
id = "side"
model = "jit.keypad"
[[lock]]
id = "room"
model = "native.keypad"
count = 4
[[policy]]
on = "room-*"
evidence_ttl = "12h"
[[policy]]
observe_every = "12h"
[[at]]
t = "1m"
id = "outage"
fault = { on = "room-*", kind = "latency", for = "3h", mean = "20s" }
[[at]]
t = "2m"
create_many = { id = "stay-*", locks = ["front", "side"], starts = "+3h11m", ends = "+50h" }
[[at]]
t = "3m"
pool = { lock = "side", on = true }
[[at]]
t = "2h59m17s"
id = "gone"
fault = { on = "front", kind = "offline", for = "5h13m" }
[[at]]
t = "4h30m"
heal = "outage"
[[at]]
t = "9h"
every = "1h"
type = { lock = "side", pin = "0000" }
`)
	for i := range 12 {
		fmt.Fprintf(&b, "[[at]]\nt = \"%dm\"\ncreate = { id = \"guest-%d\", lock = \"room-00%d\", name = \"Guest %d\", starts = \"+%dh\", ends = \"+%dh\" }\n", 5+i, i, i%4+1, i, 4+5*i, 8+5*i)
		fmt.Fprintf(&b, "[[at]]\nt = \"%dh\"\nreveal = \"guest-%d\"\n", 4+5*i, i)
	}
	b.WriteString(`[[at]]
t = "2h41m"
create = { id = "late", lock = "front", pin = "4829", name = "Ada", starts = "+3h40m", ends = "+30h15m", holder = "ada" }
[[at]]
t = "4h2m3s"
type = { lock = "front", code = "late", opens = true }
[[expect]]
t = "60h"
lock = "room-*"
clean = true
`)
	return b.String()
}

func file(t *testing.T, text string) *scenario.File {
	t.Helper()
	f, err := scenario.Decode("x.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func verdict(t *testing.T, f *scenario.File) (scenario.Verdict, string) {
	t.Helper()
	res, err := scenario.Run(t.Context(), f, scenario.Options{})
	if err != nil || len(res.Failures) == 0 {
		t.Fatalf("%v: no failure in %s", err, f.Name)
	}
	return res.Verdict, res.Failures[0].Kind
}

func TestABusyStoryShrinksToWhatTheFailureNeeds(t *testing.T) {
	f := file(t, crowd())
	want, kind := verdict(t, f)
	res, err := Shrink(t.Context(), f, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !res.Whole || bytes.Count(res.Text, []byte("\n")) > 24 {
		t.Errorf("whole %v after %d tries:\n%s", res.Whole, res.Tries, res.Text)
	}
	for _, word := range []string{"jit.keypad", "offline", "create", "type"} {
		if strings.Count(string(res.Text), word) != 1 {
			t.Errorf("want %q once:\n%s", word, res.Text)
		}
	}
	got, gotKind := verdict(t, file(t, string(res.Text)))
	if got != want || gotKind != kind {
		t.Errorf("it fails with %v, %q, and not with %v, %q", got, gotKind, want, kind)
	}
	again, err := Shrink(t.Context(), f, Options{})
	if err != nil || !bytes.Equal(again.Text, res.Text) || again.Tries != res.Tries {
		t.Errorf("shrunk again, after %d tries and not %d, it is\n%s", again.Tries, res.Tries, again.Text)
	}
	smaller, err := Shrink(t.Context(), res.File, Options{})
	if err != nil || !bytes.Equal(smaller.Text, res.Text) {
		t.Errorf("it can be shrunk on:\n%s", smaller.Text)
	}
}

func TestAStoryThatPassesIsRefused(t *testing.T) {
	f := file(t, "[scenario]\nname = \"x\"\nstart = 2026-03-28T08:00:00Z\nrun = \"1h\"\n[[lock]]\nid = \"front\"\nmodel = \"jit.keypad\"\n")
	if _, err := Shrink(t.Context(), f, Options{}); !errors.Is(err, ErrPasses) {
		t.Errorf("got %v", err)
	}
}

func TestTheSmallestSoFarIsKept(t *testing.T) {
	f := file(t, crowd())
	want, kind := verdict(t, f)
	for name, o := range map[string]Options{"so many tries": {Tries: 6}, "interrupted": {}} {
		ctx, cancel := context.WithCancel(t.Context())
		if o.Tries == 0 {
			o.Progress = func(p Progress) {
				if p.Tries == 6 {
					cancel()
				}
			}
		}
		res, err := Shrink(ctx, f, o)
		cancel()
		if err != nil {
			t.Fatal(name, err)
		}
		if res.Whole || res.Tries > 6 || len(res.Text) >= len(crowd()) {
			t.Errorf("%s: whole %v after %d tries, %d bytes", name, res.Whole, res.Tries, len(res.Text))
		}
		if got, gotKind := verdict(t, file(t, string(res.Text))); got != want || gotKind != kind {
			t.Errorf("%s: it fails with %v, %q", name, got, gotKind)
		}
	}
}

func TestTheFailureStaysOnItsModelOfLock(t *testing.T) {
	f := file(t, `[scenario]
name = "a wrong word about a lock"
start = 2026-03-28T08:00:00Z
run = "10h"
[[lock]]
id = "front"
model = "nuki"
[[at]]
t = "1h"
type = { lock = "front", pin = "4829", opens = true }
`)
	res, err := Shrink(t.Context(), f, Options{})
	if err != nil || !strings.Contains(string(res.Text), `model = "nuki"`) {
		t.Errorf("%v\n%s", err, res.Text)
	}
}

func TestWhatReferredToWhatIsGoneGoesToo(t *testing.T) {
	f := file(t, crowd())
	f.Spec.Locks = f.Spec.Locks[:1] // only the front door is left
	prune(f)
	text, err := scenario.Encode(f)
	if err != nil {
		t.Fatal(err)
	}
	left := file(t, string(text))
	for _, gone := range []string{"room", "side", "guest", "outage"} {
		if strings.Contains(string(text), gone) {
			t.Errorf("%q is left:\n%s", gone, text)
		}
	}
	if len(left.Steps) != 4 {
		t.Errorf("%d steps are left:\n%s", len(left.Steps), text)
	}
}

func TestAStoryOfTheSwarmCanBeWritten(t *testing.T) {
	for seed := range uint64(20) {
		f := clone(swarm.Generate(seed, swarm.Options{}))
		prune(f)
		text, err := scenario.Encode(f)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		read, err := scenario.Decode("x.toml", text)
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, text)
		}
		if again, err := scenario.Encode(read); err != nil || !bytes.Equal(text, again) {
			t.Errorf("seed %d: %v: what is read is another story", seed, err)
		}
	}
}
