package scenario

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// unplaced is the file without the places of its parts, as two ways of writing it differ in them.
func unplaced(f *File) *File {
	g := *f
	g.Path = ""
	g.Steps, g.Expects = slices.Clone(f.Steps), slices.Clone(f.Expects)
	for i := range g.Steps {
		g.Steps[i].Pos = Pos{}
	}
	for i := range g.Expects {
		g.Expects[i].Pos = Pos{}
	}
	g.Check.Sometimes = slices.Clone(f.Check.Sometimes)
	for i := range g.Check.Sometimes {
		g.Check.Sometimes[i].Pos = Pos{}
	}
	g.Check.Limits.Pos = Pos{}
	g.Check.PerLock, g.Check.PerSystem = limitsUnplaced(f.Check.PerLock), limitsUnplaced(f.Check.PerSystem)
	return &g
}

func limitsUnplaced[K comparable](all map[K]Limits) map[K]Limits {
	out := map[K]Limits{}
	for k, l := range all {
		l.Pos = Pos{}
		out[k] = l
	}
	return out
}

// again writes a file and reads it back.
func again(t *testing.T, f *File) (*File, []byte) {
	t.Helper()
	text, err := Encode(f)
	if err != nil {
		t.Fatalf("%s: %v", f.Path, err)
	}
	g, err := Decode(f.Path, text)
	if err != nil {
		t.Fatalf("%s: %v\n%s", f.Path, err, text)
	}
	return g, text
}

func TestWhatIsWrittenReadsTheSame(t *testing.T) {
	paths, err := filepath.Glob("../../scenarios/*.toml")
	if err != nil || len(paths) == 0 {
		t.Fatal("no scenarios", err)
	}
	for _, path := range paths {
		f, err := Load(path)
		if err != nil {
			t.Fatal(err)
		}
		g, text := again(t, f)
		if want, got := unplaced(f), unplaced(g); !reflect.DeepEqual(want, got) {
			t.Errorf("%s: %s\n%s", path, difference(reflect.ValueOf(*want), reflect.ValueOf(*got), "file"), text)
		}
		if _, twice := again(t, g); !bytes.Equal(text, twice) {
			t.Errorf("%s: written again it reads otherwise", path)
		}
		golden, err := os.ReadFile(strings.TrimSuffix(path, ".toml") + ".trace")
		if err != nil {
			t.Fatal(err)
		}
		if trace := runs(t, g); !bytes.Equal(golden, trace) {
			t.Errorf("%s: %s", path, firstDifference(string(golden), string(trace)))
		}
	}
}

// difference names the first part in which two values differ.
func difference(a, b reflect.Value, where string) string {
	switch {
	case reflect.DeepEqual(a.Interface(), b.Interface()):
		return ""
	case a.Kind() == reflect.Struct && a.Type() != reflect.TypeFor[time.Time]() && a.Type() != reflect.TypeFor[lock.PIN]():
		for i := range a.NumField() {
			if d := difference(a.Field(i), b.Field(i), where+"."+a.Type().Field(i).Name); d != "" {
				return d
			}
		}
	case a.Kind() == reflect.Slice && a.Len() == b.Len():
		for i := range a.Len() {
			if d := difference(a.Index(i), b.Index(i), where+"[]"); d != "" {
				return d
			}
		}
	}
	return where + " differs"
}

func TestAWrittenStoryRunsTheSame(t *testing.T) {
	f, err := Decode("x.toml", []byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	g, text := again(t, f)
	first, second := runs(t, f), runs(t, g)
	if !bytes.Equal(first, second) {
		t.Error(firstDifference(string(first), string(second)))
	}
	for _, want := range []string{"[scenario]\n", "start = 2026-03-28T07:00:00Z\n", "\n[[at]]\nt = \"3h25m\"\nfault = { on = \"front\", kind = \"lost-ack\", for = \"20m\" }\n"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("lacks %q:\n%s", want, text)
		}
	}
}

func runs(t *testing.T, f *File) []byte {
	t.Helper()
	res, err := Run(t.Context(), f, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return res.Trace()
}

// teller draws stories from the rows of the format: each key with its example, or another value of its type.
type teller struct{ *rand.Rand }

// some draws keys of a table: those that it must have and some others, as lines.
func some[T any](t teller, s shape[T]) (lines []string) {
	for _, k := range s.keys {
		if (k.required || t.IntN(3) == 0) && k.example != "" {
			lines = append(lines, k.name+" = "+t.other(k.words, k.example))
		}
	}
	return lines
}

// other is the example or another value of the type of the key.
func (t teller) other(words, example string) string {
	if t.IntN(2) == 0 && example != "500" {
		return example
	}
	switch words {
	case "1 to 5000":
		return "3" // of a fleet
	case "time":
		return [...]string{`"+1h0.5s"`, `"26h"`, `"-3h"`, "2026-03-28 15:00", "2026-03-29T11:00:00.25+01:00", `"2061-01-01T00:00:00Z"`}[t.IntN(6)]
	case "duration":
		return [...]string{`"90s"`, `"1h0.5s"`, `"2d4h"`, `"25h"`}[t.IntN(4)]
	case "name":
		return [...]string{`"front"`, `"guest"`, `"flat-1"`, `"account"`, `"outage"`}[t.IntN(5)]
	case "name or pattern":
		return [...]string{`"*"`, `"f*t"`, `"guest-*"`, `"room-*"`, `"*-2"`}[t.IntN(5)]
	case "text":
		return [...]string{`"Zoë \"Z\" \\ \u200b"`, `"two\nlines"`, `"ends with \""`, `"\t"`}[t.IntN(4)]
	case "list: name or pattern":
		return [...]string{`["front", "room-*"]`, `["*"]`, `"flat-1"`}[t.IntN(3)]
	}
	return example
}

// step draws a step, and says its verb.
func (t teller) step() (text, verb string) {
	var verbs []key[stepDecl]
	lines := []string{"t = " + t.other("time", `"+1h"`)}
	for _, k := range stepShape().keys {
		switch {
		case k.name == "t":
		case strings.HasPrefix(k.words, "table"), k.name == "note", len(verbs) > 0:
			verbs = append(verbs, k)
		case t.IntN(8) == 0:
			lines = append(lines, k.name+" = "+t.other(k.words, k.example))
		}
	}
	body := verbs[t.IntN(len(verbs))]
	text = body.example
	switch body.name {
	case "create":
		text = inline(some(t, createShape()))
	case "create_many":
		text = inline(some(t, createManyShape()))
	case "update":
		text = inline(some(t, updateShape()))
	case "update_many":
		text = inline(some(t, updateManyShape()))
	case "convert":
		text = inline(some(t, convertShape()))
	case "rotate":
		text = inline(some(t, rotateShape()))
	case "adopt":
		text = inline(some(t, adoptShape()))
	case "policy":
		text = inline(some(t, policyShape("policy")))
	case "type":
		text = inline(some(t, typeShape()))
	case "edit":
		text = inline(some(t, editShape()))
	case "fault":
		k := sim.Kinds()[t.IntN(len(sim.Kinds()))]
		lines := []string{"on = " + t.other("name or pattern", `"front"`), "kind = " + quote(k.Name)}
		for _, p := range k.Params {
			lines = append(lines, p.Name+" = "+[...]string{"7", "2.5", "60"}[t.IntN(3)])
		}
		text = inline(lines)
	case "add_lock":
		text = inline(some(t, lockKeys("add_lock")))
	default:
		text = t.other(body.words, text)
	}
	return "[[at]]\n" + strings.Join(append(lines, body.name+" = "+text), "\n") + "\n", body.name
}

// story draws one part by part: what would make it wrong is left out. It says which verbs it has.
func (t teller) story() (*File, []string) {
	text := "[scenario]\nname = \"x\"\nstart = 2026-03-28T08:00:00+01:00\nrun = \"48h\"\nzone = \"Europe/Berlin\"\n" +
		"[[account]]\nid = \"account\"\n[[hub]]\nid = \"attic\"\n[[lock]]\nid = \"front\"\nmodel = \"native.keypad\"\n" +
		"[[lock]]\nid = \"front-2\"\nmodel = \"jit.keypad\"\n[[lock]]\nid = \"gate\"\nmodel = \"jit.keypad\"\n" +
		"[[lock]]\nid = \"flat\"\nmodel = \"jit.keypad\"\nhub = \"attic\"\ncount = 3\n[[lock]]\nid = \"room\"\nmodel = \"jit.keypad\"\ncount = 2\n" +
		"[[at]]\nt = \"0s\"\nid = \"typo\"\ncreate = { id = \"guest\", lock = \"front\", pin = \"4829\" }\n" +
		"[[at]]\nt = \"0s\"\nid = \"outage\"\nfault = { on = \"flat-*\", kind = \"offline\" }\n"
	file, err := Decode("x.toml", []byte(text))
	if err != nil {
		panic(err)
	}
	var verbs []string
	for range 12 {
		part, verb := "", ""
		switch t.IntN(8) {
		case 0:
			part = "[[expect]]\n" + strings.Join(some(t, expectShape()), "\n") + "\n"
		case 1:
			part = "[[policy]]\n" + strings.Join(some(t, policyShape("")), "\n") + "\n"
		case 3:
			part = "[check]\n" + strings.Join(some(t, checkShape()), "\n") + "\n"
		case 2:
			part = "[[lock]]\n" + strings.Join(some(t, lockShape()), "\n") + "\n"
		default:
			part, verb = t.step()
		}
		if f, err := Decode("x.toml", []byte(text+part)); err == nil {
			file, text, verbs = f, text+part, append(verbs, verb)
		}
	}
	return file, verbs
}

func FuzzEncode(f *testing.F) {
	for seed := range uint64(50) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		file, _ := teller{rand.New(rand.NewPCG(seed, 1))}.story()
		g, text := again(t, file)
		if want, got := unplaced(file), unplaced(g); !reflect.DeepEqual(want, got) {
			t.Errorf("%s\n%s", difference(reflect.ValueOf(*want), reflect.ValueOf(*got), "file"), text)
		}
	})
}

func TestDrawnStoriesUseTheFormat(t *testing.T) {
	verbs := map[string]bool{}
	for seed := range uint64(200) {
		_, used := teller{rand.New(rand.NewPCG(seed, 1))}.story()
		for _, verb := range used {
			verbs[verb] = true
		}
	}
	for _, k := range stepShape().keys[9:] {
		if !verbs[k.name] {
			t.Errorf("no drawn story says %s", k.name)
		}
	}
}

// TestCodesOfALockThatIsNotThereAreNotWritten takes a lock out of a file and leaves the codes that many locks were to get.
func TestCodesOfALockThatIsNotThereAreNotWritten(t *testing.T) {
	f, err := Decode("a.toml", []byte(`
[scenario]
name = "two doors"
start = 2026-01-05T00:00:00Z
run = "1h"

[[lock]]
id = "gate"
model = "jit.keypad"

[[lock]]
id = "door-1"
model = "jit.keypad"

[[at]]
t = "1m"
create_many = { id = "guest-*", locks = ["door-*"], pin = "4829" }
`))
	if err != nil {
		t.Fatal(err)
	}
	f.Spec.Locks = f.Spec.Locks[:1]
	if text, err := Encode(f); err == nil {
		if _, err := Decode("a.toml", text); err == nil {
			t.Errorf("a code of a lock that is not there is written and reads:\n%s", text)
		}
	}
}
