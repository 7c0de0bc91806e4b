package mutate

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Suite is a program whose cases pass, and of which one should fail for each mutant.
type Suite struct {
	Name  string
	Build []string                      // arguments of go that build the program
	Dir   string                        // where it runs, below the module's root
	Files string                        // a folder each of whose .toml files is a case
	Seeds int                           // so many cases are numbers, of which it takes one at a time; neither: the tests of a test binary
	Args  func(cases []string) []string // arguments that run some of the cases
}

// Scenarios replays every scenario of a folder, by a program that compares their traces.
func Scenarios(folder, program string) Suite {
	return Suite{
		Name: folder, Build: []string{"build", program}, Files: folder,
		Args: func(cases []string) []string { return append([]string{"replay", "--jobs", "1"}, cases...) },
	}
}

// Swarm tries so many seeds, by a program that makes up a story for each and checks it.
func Swarm(program string, seeds int) Suite {
	return Suite{
		Name: "swarm", Build: []string{"build", program}, Seeds: seeds,
		Args: func(cases []string) []string {
			return []string{"swarm", "--jobs", "1", "--seeds", "1", "--seed", cases[0]}
		},
	}
}

// Tests runs the tests of a package.
func Tests(folder string) Suite {
	return Suite{
		Name: folder, Build: []string{"test", "-c", "./" + folder}, Dir: folder,
		Args: func(cases []string) []string {
			return []string{"-test.short", "-test.failfast", "-test.run", "^(" + strings.Join(cases, "|") + ")$"}
		},
	}
}

// built is a suite with its program.
type built struct {
	Suite
	root, bin string
	cases     []kase
	start     time.Duration // what starting the program alone costs
}

// kase is one case of a suite.
type kase struct {
	name  string
	takes time.Duration // of the processor, beside what starting the program takes
}

const (
	wholeProcess = 4 << 20                // KiB of address space that a mutant may use
	longest      = 500 * time.Millisecond // a case that takes longer is not run against thousands of mutants
)

// run runs some cases against a mutant and reports whether all pass, and how long the processor was at it. A process that
// computes for much longer than it did without a mutant, or asks for far too much memory, fails.
func (b *built) run(ctx context.Context, cases []kase, env ...string) (bool, time.Duration, error) {
	var names []string
	var takes time.Duration
	for _, c := range cases {
		names = append(names, c.name)
		takes += c.takes
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute+20*takes) // of what waits for itself without computing
	defer cancel()
	limits := fmt.Sprintf(`ulimit -t %d; ulimit -v %d 2>/dev/null; exec "$0" "$@"`, int(math.Ceil(1+5*takes.Seconds())), wholeProcess)
	cmd := exec.CommandContext(ctx, "sh", append([]string{"-c", limits, b.bin}, b.Args(names)...)...)
	cmd.Dir = filepath.Join(b.root, b.Dir)
	cmd.Env = append(os.Environ(), env...)
	var exit *exec.ExitError
	switch err := cmd.Run(); {
	case err == nil:
		return true, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), nil
	case errors.As(err, &exit), errors.Is(ctx.Err(), context.DeadlineExceeded):
		return false, 0, nil
	default:
		return false, 0, err
	}
}

// Bench is everything that a run over mutants needs: the copy, compiled into every suite, and which cases reach which mutant.
type Bench struct {
	Copy    Copy
	suites  []*built
	reach   []map[int][]int // by suite and number of the mutant: the cases that reach it
	Sources string          // a digest of the copy
	Killers string          // and of all that runs against it
}

// Prepare compiles the suites with the copy of the package in dir, below root, and runs each case once.
func Prepare(ctx context.Context, root, dir, work string, c Copy, suites []Suite, progress io.Writer) (*Bench, error) {
	overlay, sources, err := writeCopy(root, dir, work, c)
	if err != nil {
		return nil, err
	}
	b := &Bench{Copy: c, Sources: sources}
	digest := sha256.New()
	for _, s := range suites {
		fmt.Fprintf(progress, "builds %s\n", s.Name)
		x := &built{Suite: s, root: root, bin: filepath.Join(work, strings.ReplaceAll(s.Name, "/", "-")+".bin")}
		args := append([]string{s.Build[0], "-overlay", overlay, "-trimpath", "-buildvcs=false", "-o", x.bin}, s.Build[1:]...)
		build := exec.CommandContext(ctx, "go", args...)
		build.Dir, build.Stderr = root, progress
		if err := build.Run(); err != nil {
			return nil, fmt.Errorf("%s does not build with the mutants in it: %w", s.Name, err)
		}
		if err := errors.Join(x.list(ctx), x.digest(digest)); err != nil {
			return nil, err
		}
		reach, err := x.baseline(ctx, work, progress)
		if err != nil {
			return nil, err
		}
		b.suites, b.reach = append(b.suites, x), append(b.reach, reach)
	}
	b.Killers = hex.EncodeToString(digest.Sum(nil)[:8])
	return b, nil
}

// writeCopy writes the files of the copy and the overlay that puts them in the place of the package's.
func writeCopy(root, dir, work string, c Copy) (overlay, digest string, err error) {
	names := make([]string, 0, len(c.Files))
	for name := range c.Files {
		names = append(names, name)
	}
	slices.Sort(names)
	sum := sha256.New()
	replace := map[string]string{}
	folder := filepath.Join(work, "copy")
	if err := errors.Join(os.RemoveAll(folder), os.MkdirAll(folder, 0o755)); err != nil {
		return "", "", err
	}
	for _, name := range names {
		to := filepath.Join(folder, name+".txt") // no package, for whoever looks through the module
		if err := os.WriteFile(to, []byte(c.Files[name]), 0o644); err != nil {
			return "", "", err
		}
		replace[filepath.Join(root, dir, name)] = to
		fmt.Fprintf(sum, "%s\n%s\n", name, c.Files[name])
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", "", err
	}
	overlay = filepath.Join(work, "overlay.json")
	return overlay, hex.EncodeToString(sum.Sum(nil)[:8]), os.WriteFile(overlay, text, 0o644)
}

// list finds the cases of a suite.
func (b *built) list(ctx context.Context) error {
	if b.Files != "" {
		// They are copied, since somebody may edit them while thousands of mutants are tried.
		folder := filepath.Join(filepath.Dir(b.bin), b.Files)
		if err := errors.Join(os.RemoveAll(folder), os.CopyFS(folder, os.DirFS(filepath.Join(b.root, b.Files)))); err != nil {
			return err
		}
		return filepath.WalkDir(folder, func(p string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && strings.HasSuffix(p, ".toml") {
				b.cases = append(b.cases, kase{name: p})
			}
			return err
		})
	}
	if b.Seeds > 0 {
		for n := 1; n <= b.Seeds; n++ {
			b.cases = append(b.cases, kase{name: strconv.Itoa(n)})
		}
		return nil
	}
	cmd := exec.CommandContext(ctx, b.bin, "-test.list", "^(Test|Fuzz|Example)")
	cmd.Dir, cmd.Stderr = filepath.Join(b.root, b.Dir), os.Stderr
	out, err := cmd.Output()
	for name := range strings.FieldsSeq(string(out)) {
		b.cases = append(b.cases, kase{name: name})
	}
	return err
}

// digest adds the program, and the files that it reads, to a digest.
func (b *built) digest(w io.Writer) error {
	files := []string{b.bin}
	if b.Files != "" {
		for _, c := range b.cases {
			files = append(files, c.name)
		}
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s %x\n", filepath.Base(f), sha256.Sum256(text))
	}
	return nil
}

// baseline runs each case without a mutant, to see how long it takes and which mutants it reaches.
func (b *built) baseline(ctx context.Context, work string, progress io.Writer) (map[int][]int, error) {
	reach := map[int][]int{}
	file := filepath.Join(work, "reached")
	for i := range b.cases {
		c := &b.cases[i]
		fmt.Fprintf(progress, "\r%s without a mutant: %d of %d ", b.Name, i+1, len(b.cases))
		if err := os.WriteFile(file, nil, 0o644); err != nil {
			return nil, err
		}
		c.takes = time.Minute // no bound for the first run
		ok, took, err := b.run(ctx, b.cases[i:i+1], envReached+"="+file)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, fmt.Errorf("%s: %s fails without a mutant", b.Name, c.name)
		}
		if c.takes = took; i == 0 || took < b.start {
			b.start = took
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if c.takes > longest {
			continue
		}
		for line := range bytes.FieldsSeq(text) {
			n, err := strconv.Atoi(string(line))
			if err != nil {
				return nil, err
			}
			reach[n] = append(reach[n], i)
		}
	}
	for i := range b.cases {
		b.cases[i].takes -= b.start
	}
	fmt.Fprintln(progress)
	return reach, nil
}
