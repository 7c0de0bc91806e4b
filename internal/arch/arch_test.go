package arch

import (
	"os"
	"strings"
	"testing"
)

// moduleRoot is the module's folder, seen from this package.
const moduleRoot = "../.."

func TestTheHouseIsInOrder(t *testing.T) {
	sources, err := Load(moduleRoot)
	if err != nil {
		t.Fatal(err)
	}
	if len(sources) < 20 {
		t.Fatalf("only %d files found: the rules would hold for nothing", len(sources))
	}
	found, err := Check(Lockctl(), sources)
	if err != nil {
		t.Fatal(err)
	}
	gomod, err := os.ReadFile(moduleRoot + "/go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range append(found, CheckModules(Lockctl(), gomod)...) {
		t.Error(f)
	}
}

func TestEveryExceptionHasAReason(t *testing.T) {
	house := Lockctl()
	for _, x := range house.Excuses {
		if x.Reason == "" || x.Path == "" || x.Rule == "" {
			t.Errorf("excuse %+v is not complete", x)
		}
	}
	for _, k := range house.Kept {
		if k.Why == "" || len(k.Inside)+len(k.Outside) == 0 {
			t.Errorf("kept %+v is not complete", k)
		}
	}
}

// Each case is a small source at a path of the repository and what must be said of it; no finding where want is empty.
func TestCheck(t *testing.T) {
	const own = "github.com/accesscodes/lockctl/"
	for _, c := range []struct {
		name, path, source string
		want               string // "line: words of the sentence"
	}{
		{"an arrow backwards", "lock/a.go", "package lock\n\nimport _ \"" + own + "engine\"\n", "3: lock must not import engine: the nouns"},
		{"a vendor sees another", "driver/nuki/a.go", "package nuki\n\nimport _ \"" + own + "driver/ttlock\"\n", "3: driver/nuki must not import driver/ttlock"},
		{"a vendor sees the simulator", "driver/nuki/a.go", "package nuki\n\nimport _ \"" + own + "sim\"\n", "3: driver/nuki must not import sim"},
		{"a vendor's test sees its façade", "driver/nuki/a_test.go", "package nuki\n\nimport _ \"" + own + "sim/facade/nuki\"\n", ""},
		{"a vendor sees the contract", "driver/nuki/a.go", "package nuki\n\nimport _ \"" + own + "driver/provider\"\n", ""},
		{"the interface sees the world", "tui/a.go", "package tui\n\nimport _ \"" + own + "sim/world\"\n", "3: tui must not import sim/world"},
		{"the interface sees the lab", "tui/a.go", "package tui\n\nimport _ \"" + own + "sim/lab\"\n", ""},
		{"a façade sees a driver", "sim/facade/ttlock/a.go", "package ttlock\n\nimport _ \"" + own + "driver\"\n", "3: sim/facade/ttlock must not import driver"},
		{"a store sees its seam", "engine/store/badgerkv/a.go", "package badgerkv\n\nimport _ \"" + own + "engine/store\"\n", ""},
		{"main sees everything", "cmd/lockctl/a.go", "package main\n\nimport _ \"" + own + "sim/wire\"\n", ""},
		{"nobody sees main", "sim/world/a.go", "package world\n\nimport _ \"" + own + "cmd/lockctl\"\n", "3: sim/world must not import cmd/lockctl"},
		{"a folder without a row", "util/a.go", "package util\n", "1: package util has no row"},

		{"a terminal library elsewhere", "api/a.go", "package api\n\nimport _ \"github.com/charmbracelet/lipgloss\"\n", "3: github.com/charmbracelet/lipgloss must not be imported here"},
		{"a terminal library at home", "tui/a.go", "package tui\n\nimport _ \"github.com/charmbracelet/lipgloss\"\n", ""},
		{"a network in the engine", "engine/a.go", "package engine\n\nimport _ \"net/http\"\n", "3: net/http must not be imported here"},
		{"a network in the live host", "engine/live/a.go", "package live\n\nimport _ \"net/http\"\n", "3: net/http must not be imported here"},
		{"a clock in the engine", "engine/a.go", "package engine\n\nimport _ \"github.com/jonboulle/clockwork\"\n", "3: github.com/jonboulle/clockwork must not"},
		{"a clock in a host", "engine/live/a.go", "package live\n\nimport _ \"github.com/jonboulle/clockwork\"\n", ""},
		{"a test harness in the product", "engine/a.go", "package engine\n\nimport _ \"testing\"\n", "3: testing must not be imported here"},
		{"a dot import", "engine/a.go", "package engine\n\nimport . \"time\"\n", "3: a dot import"},

		{"the wall clock", "engine/a.go", "package engine\n\nimport \"time\"\n\nfunc f() time.Time { return time.Now() }\n", "5: time.Now reads the machine's clock"},
		{"the wall clock by another name", "sim/a.go", "package sim\n\nimport clock \"time\"\n\nvar now = clock.Now\n", "5: time.Now reads the machine's clock"},
		{"a timer", "api/a.go", "package api\n\nimport \"time\"\n\nfunc f() { <-time.After(1) }\n", "5: time.After reads"},
		{"something else called time", "engine/a.go", "package engine\n\ntype clock struct{}\n\nfunc (clock) Now() int { return 0 }\n\nfunc f(time clock) int { return time.Now() }\n", ""},
		{"the wall clock in main", "cmd/lockctl/a.go", "package main\n\nimport \"time\"\n\nfunc f() { time.Now() }\n", ""},
		{"a duration", "engine/a.go", "package engine\n\nimport \"time\"\n\nconst d = time.Second\n", ""},
		{"the machine's zone", "sim/a.go", "package sim\n\nimport \"time\"\n\nvar z = time.Local\n", "5: time.Local is the machine's zone"},
		{"a deadline in a driver", "driver/nuki/a.go", "package nuki\n\nimport \"context\"\n\nvar f = context.WithTimeout\n", "5: context.WithTimeout ends by"},
		{"a real clock in a host", "sim/world/a.go", "package world\n\nimport \"github.com/jonboulle/clockwork\"\n\nvar c = clockwork.NewRealClock()\n", "5: github.com/jonboulle/clockwork.NewRealClock belongs to main"},

		{"old chance", "sim/a.go", "package sim\n\nimport \"math/rand\"\n\nvar r = rand.New(nil)\n", "5: math/rand.New is the old generator"},
		{"global chance", "sim/a.go", "package sim\n\nimport \"math/rand/v2\"\n\nfunc f() int { return rand.IntN(6) }\n", "5: math/rand/v2.IntN draws from"},
		{"global chance in a test", "sim/a_test.go", "package sim\n\nimport \"math/rand/v2\"\n\nfunc f() int { return rand.IntN(6) }\n", "5: math/rand/v2.IntN draws from"},
		{"seeded chance", "sim/a.go", "package sim\n\nimport \"math/rand/v2\"\n\nfunc f() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }\n", ""},

		{"a goroutine", "engine/a.go", "package engine\n\nfunc f() {\n\tgo f()\n}\n", "4: a goroutine is started"},
		{"a goroutine by a group", "engine/a.go", "package engine\n\nimport \"sync\"\n\nfunc f() {\n\tvar g sync.WaitGroup\n\tg.Go(f)\n}\n", "7: a goroutine is started by Go"},
		{"a goroutine in the world", "sim/world/world.go", "package world\n\nfunc f() {\n\tgo f()\n}\n", "4: a goroutine is started"},
		{"a goroutine in its host", "sim/world/play.go", "package world\n\nfunc f() {\n\tgo f()\n}\n", ""},
		{"a goroutine in a test", "engine/a_test.go", "package engine\n\nfunc f() {\n\tgo f()\n}\n", ""},
		{"an init", "engine/a.go", "package engine\n\nfunc init() {}\n", "3: an init function"},
		{"the permitted init", "internal/quietterm/a.go", "package quietterm\n\nfunc init() {}\n", ""},
		{"a method called init", "engine/a.go", "package engine\n\ntype a int\n\nfunc (a) init() {}\n", ""},

		{"a lock at package level", "engine/a.go", "package engine\n\nimport \"sync\"\n\nvar mu sync.Mutex\n", "5: package variable mu is a sync.Mutex"},
		{"a variable without a value", "engine/a.go", "package engine\n\nvar last int\n", "3: package variable last has no value yet"},
		{"a map to be filled", "engine/a.go", "package engine\n\nvar seen = make(map[int]int)\n", "3: package variable seen is made to be filled"},
		{"an assignment", "engine/a.go", "package engine\n\nvar n = 1\n\nfunc f() { n = 2 }\n", "5: package variable n is changed"},
		{"an assignment deep inside", "engine/a.go", "package engine\n\nvar t = []struct{ n int }{{1}}\n\nfunc f() { t[0].n++ }\n", "5: package variable t is changed"},
		{"a deletion", "engine/a.go", "package engine\n\nvar m = map[int]int{1: 1}\n\nfunc f() { delete(m, 1) }\n", "5: package variable m is changed"},
		{"a local of the same name", "engine/a.go", "package engine\n\nvar n = 1\n\nfunc f() { n := n; n = 2; _ = n }\n", ""},
		{"a table", "engine/a.go", "package engine\n\nvar names = [...]string{\"a\"}\n\nvar _ error = nil\n", ""},
		{"an embedded file", "engine/a.go", "package engine\n\nimport _ \"embed\"\n\n//go:embed a.txt\nvar text string\n", ""},

		{"a skipped test", "lock/a_test.go", "package lock\n\nimport \"testing\"\n\nfunc TestA(t *testing.T) { t.Skip(\"later\") }\n", "5: a test is skipped"},
		{"a sleeping test", "lock/a_test.go", "package lock\n\nimport \"time\"\n\nfunc f() { time.Sleep(1) }\n", "5: time.Sleep makes a test wait"},
		{"a sleep in a bubble", "lock/a_test.go", "package lock\n\nimport (\n\t\"testing\"\n\t\"testing/synctest\"\n\t\"time\"\n)\n\nfunc TestA(t *testing.T) {\n\tsynctest.Test(t, func(*testing.T) { time.Sleep(1) })\n}\n", ""},
		{"skipping something else", "lock/a.go", "package lock\n\nfunc f(r interface{ Skip() }) { r.Skip() }\n", ""},
	} {
		found, err := Check(Lockctl(), []Source{{c.path, []byte(c.source)}})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		switch {
		case c.want == "" && len(found) > 0:
			t.Errorf("%s: unjustly found %v", c.name, found)
		case c.want != "" && (len(found) != 1 || !strings.HasPrefix(found[0].String(), c.path+":"+c.want)):
			t.Errorf("%s: found %v, want %s:%s", c.name, found, c.path, c.want)
		}
	}
}

func TestCheckSeesAssignmentsAcrossFiles(t *testing.T) {
	found, err := Check(Lockctl(), []Source{
		{"engine/a.go", []byte("package engine\n\nvar n = 1\n")},
		{"engine/b.go", []byte("package engine\n\nfunc f() { n = 2 }\n")},
	})
	if err != nil || len(found) != 1 || found[0].File != "engine/b.go" || found[0].Line != 3 {
		t.Errorf("found %v, %v", found, err)
	}
}

func TestCheckModules(t *testing.T) {
	for gomod, bad := range map[string]bool{
		"module m\n\nrequire (\n\tgithub.com/dgraph-io/badger/v4 v4.9.6 // indirect\n)\n": false,
		"module m\n\nrequire github.com/dgraph-io/badger/v4 v4.9.4\n":                     false,
		"module m\n\nrequire github.com/dgraph-io/badger/v4 v4.10.0\n":                    false,
		"module m\n\nrequire github.com/dgraph-io/badger/v4 v4.9.3\n":                     true,
		"module m\n\nrequire github.com/dgraph-io/badger/v4 latest\n":                     true,
		"module m\n\nrequire github.com/dgraph-io/ristretto/v2 v2.2.0\n":                  false,
	} {
		found := CheckModules(Lockctl(), []byte(gomod))
		if len(found) > 0 != bad {
			t.Errorf("%q: %v", gomod, found)
		}
		if bad && found[0].Line != 3 {
			t.Errorf("%q: found at line %d", gomod, found[0].Line)
		}
	}
}
