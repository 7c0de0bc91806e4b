package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/engine/store/badgerkv"
	"github.com/accesscodes/lockctl/sim/scenario"
	"github.com/accesscodes/lockctl/sim/scenario/report"
	"github.com/accesscodes/lockctl/sim/wire"
)

// replayer is one call of locksim replay.
type replayer struct {
	io      stdio
	trace   bool
	store   string
	keep    string
	report  string
	out     string
	jobs    int
	twice   bool     // each file: the second run must give the trace of the first
	through []string // providers; none: the simulator's own locks
	scratch string   // a folder for stores that nobody keeps
}

func (r *replayer) replay(ctx context.Context, paths []string) (err error) {
	format, ok := report.Find(r.report)
	switch {
	case !ok:
		return fmt.Errorf("--report: there is no kind called %q", r.report)
	case r.store != "memory" && r.store != "badger":
		return fmt.Errorf("--store: %q is neither memory nor badger", r.store)
	case r.jobs < 1 || r.jobs > 256:
		return fmt.Errorf("--jobs: %d is out of bounds: 1 to 256", r.jobs)
	}
	files, err := find(paths)
	if err != nil {
		return err
	}
	plays, err := r.plays(files)
	if err != nil {
		return err
	}
	if r.keep != "" {
		if err := r.free(r.keep); err != nil {
			return err
		}
	}
	if r.store == "badger" {
		if r.scratch, err = os.MkdirTemp("", "locksim-"); err != nil {
			return brokenError{err}
		}
		defer func() { err = errors.Join(err, os.RemoveAll(r.scratch)) }()
	}
	lines := r.out != "" || format.Name == "text"
	items := r.all(ctx, plays, func(i report.Item) {
		if lines {
			_ = report.Line(r.io.out, i)
		}
	})
	if lines {
		_ = report.Total(r.io.out, items)
	}
	if err := r.write(format, items, lines); err != nil {
		return brokenError{err}
	}
	if err := ctx.Err(); err != nil {
		return brokenError{errors.New("interrupted")}
	}
	if worst := report.Worst(items); worst != scenario.Pass {
		return verdictError(worst)
	}
	return nil
}

// write writes the report where it is wanted.
func (r *replayer) write(format report.Format, items []report.Item, told bool) error {
	if r.out == "" {
		if told {
			return nil
		}
		return format.Write(r.io.out, items)
	}
	f, err := os.Create(r.out)
	if err != nil {
		return err
	}
	return errors.Join(format.Write(f, items), f.Close())
}

// find lists the scenario files that are meant, each once: those named, and all below folders, in order.
func find(paths []string) ([]string, error) {
	var files []string
	for _, p := range paths {
		info, err := os.Stat(p)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("%s: there is no such file or folder", p)
		case err != nil:
			return nil, err
		case !info.IsDir():
			files = append(files, p)
			continue
		}
		before := len(files)
		err = filepath.WalkDir(p, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && strings.HasSuffix(path, ".toml") {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		if len(files) == before {
			return nil, fmt.Errorf("%s: holds no scenario: none of its files ends in .toml", p)
		}
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(files, func(f string) bool {
		again := seen[filepath.Clean(f)]
		seen[filepath.Clean(f)] = true
		return again
	}), nil
}

// play is one file to be run.
type play struct {
	path    string
	through *scenario.Through // nil: at the simulator's own locks
}

// plays lists the files once for each provider.
func (r *replayer) plays(files []string) ([]play, error) {
	if len(r.through) == 0 {
		return playsOf(files, nil), nil
	}
	if r.trace || r.keep != "" {
		return nil, errors.New("--provider: traces and worlds are kept of the simulator's own locks alone")
	}
	vendors, err := vendorsOf(r.through)
	if err != nil {
		return nil, fmt.Errorf("--provider: %w", err)
	}
	var all []play
	for _, v := range vendors {
		x, err := wire.Through(v)
		if err != nil {
			return nil, brokenError{fmt.Errorf("%s: %w", v.Name, err)}
		}
		all = append(all, playsOf(files, x)...)
	}
	return all, nil
}

func playsOf(files []string, through *scenario.Through) []play {
	all := make([]play, len(files))
	for i, path := range files {
		all[i] = play{path, through}
	}
	return all
}

// every stands for all vendors that the simulator speaks for.
const every = "all"

// vendorsOf finds vendors by name.
func vendorsOf(names []string) ([]wire.Vendor, error) {
	if slices.Equal(names, []string{every}) {
		return wire.Vendors(), nil
	}
	var all []wire.Vendor
	for _, name := range names {
		v, ok := wire.Find(name)
		if !ok {
			return nil, fmt.Errorf("%q is not one that the simulator speaks for: %s", name, list(vendorNames()))
		}
		all = append(all, v)
	}
	return all, nil
}

func vendorNames() []string {
	names := []string{every}
	for _, v := range wire.Vendors() {
		names = append(names, v.Name)
	}
	return names
}

// all runs every file, so many at once, and calls each in the order of the files. When ctx ends the rest is left out.
func (r *replayer) all(ctx context.Context, files []play, each func(report.Item)) []report.Item {
	type slot struct {
		item report.Item
		done chan struct{}
	}
	slots := make([]slot, len(files))
	queue := make(chan int, len(files))
	for i := range files {
		slots[i].done = make(chan struct{})
		queue <- i
	}
	close(queue)
	for range min(r.jobs, len(files)) {
		go func() {
			for i := range queue {
				if ctx.Err() == nil {
					slots[i].item = r.one(ctx, files[i], len(files) > 1)
				}
				close(slots[i].done)
			}
		}()
	}
	var items []report.Item
	for i := range slots {
		<-slots[i].done
		if ctx.Err() != nil && (slots[i].item.Path == "" || errors.Is(slots[i].item.Err, ctx.Err())) {
			continue
		}
		items = append(items, slots[i].item)
		each(slots[i].item)
	}
	return items
}

// one runs one file.
func (r *replayer) one(ctx context.Context, p play, several bool) report.Item {
	began := time.Now()
	path := p.path
	item := report.Item{Path: filepath.ToSlash(path)}
	if p.through != nil {
		item.Provider = p.through.Provider
	}
	f, err := scenario.Load(path)
	if err == nil {
		o := r.options(path, several)
		o.Through = p.through
		item.Result, err = scenario.Run(ctx, f, o)
	}
	if item.Err = err; err == nil && r.twice {
		r.again(ctx, p, &item, f)
	}
	item.Wall = time.Since(began)
	if err != nil || item.Result.Verdict != scenario.Pass || p.through != nil {
		return item
	}
	golden := strings.TrimSuffix(path, filepath.Ext(path)) + ".trace"
	if r.trace {
		item.Err = os.WriteFile(golden, item.Result.Trace(), 0o644)
		return item
	}
	want, err := os.ReadFile(golden)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		item.Err = err
	default:
		item.Golden = difference(string(want), string(item.Result.Trace()))
	}
	return item
}

// options say where a run keeps its records.
func (r *replayer) options(path string, several bool) scenario.Options {
	name := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	switch {
	case r.keep != "":
		dir := r.keep
		if several {
			dir = filepath.Join(dir, name)
		}
		return scenario.Options{StopAtFailure: true, Store: func() (store.Store, error) { return badgerkv.Open(badgerkv.Options{Dir: dir}) }}
	case r.store == "badger":
		return scenario.Options{Store: func() (store.Store, error) {
			dir, err := os.MkdirTemp(r.scratch, name+"-")
			if err != nil {
				return nil, err
			}
			return badgerkv.Open(badgerkv.Options{Dir: dir})
		}}
	default:
		return scenario.Options{}
	}
}

// free refuses a folder that holds something: a world in it would go on instead of a new one.
func (r *replayer) free(dir string) error {
	entries, err := os.ReadDir(dir)
	if err == nil && len(entries) > 0 {
		return fmt.Errorf("--keep: %s is not empty", dir)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("--keep: %w", err)
	}
	return nil
}

// difference shows where two traces part, in a few lines; "": they don't.
func difference(want, got string) string {
	if want == got {
		return ""
	}
	const most = 8
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	at := 0
	for at < len(w) && at < len(g) && w[at] == g[at] {
		at++
	}
	endW, endG := len(w), len(g)
	for endW > at && endG > at && w[endW-1] == g[endG-1] {
		endW, endG = endW-1, endG-1
	}
	lines := []string{fmt.Sprintf("@@ line %d @@", at+1)}
	side := func(mark string, part []string) {
		for i, l := range part {
			if i == most {
				lines = append(lines, fmt.Sprintf("%s … %d lines more", mark, len(part)-most))
				break
			}
			lines = append(lines, mark+" "+l)
		}
	}
	if at > 0 {
		lines = append(lines, "  "+w[at-1])
	}
	side("-", w[at:endW])
	side("+", g[at:endG])
	return strings.Join(lines, "\n")
}
