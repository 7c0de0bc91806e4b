package mutate

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"time"
)

// Result says what became of a mutant.
type Result struct {
	Key     string
	By      string // the suite that caught it; "": none
	Reached bool   // by some case
	Killers string // Bench.Killers of the run, and
	Sources string // Bench.Sources
}

const firstBatch = 100 * time.Millisecond // of quick cases before all others, since most mutants fail at once

// try runs the cases that reach a mutant, the quickest first, until one fails.
func (b *Bench) try(ctx context.Context, n int) (by string, reached bool, err error) {
	for k, s := range b.suites {
		var cases []kase
		for _, i := range b.reach[k][n] {
			cases = append(cases, s.cases[i])
		}
		slices.SortStableFunc(cases, func(a, b kase) int { return cmp.Compare(a.takes, b.takes) })
		quick := 0
		for takes := time.Duration(0); quick < len(cases) && takes+cases[quick].takes < firstBatch; quick++ {
			takes += cases[quick].takes
		}
		batches := [][]kase{cases[:quick], cases[quick:]}
		if s.Seeds > 0 {
			batches = slices.Collect(slices.Chunk(cases, 1))
		}
		for _, some := range batches {
			if len(some) == 0 {
				continue
			}
			reached = true
			if ok, _, err := s.run(ctx, some, envMutant+"="+strconv.Itoa(n)); err != nil || !ok {
				return s.Name, true, err
			}
		}
	}
	return "", reached, nil
}

// Run tries the mutants, keeping each result in a file: what is in it need not be tried again. A mutant that was caught stays
// so for as long as the package is the same; one that survived is tried again when there is something new to catch it. When ctx ends,
// it returns what is known.
func (b *Bench) Run(ctx context.Context, mutants []Mutant, file string, progress io.Writer) (map[string]Result, error) {
	results, err := b.known(file)
	if err != nil {
		return nil, err
	}
	out, err := os.OpenFile(file, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	var caught, tried int
	began := time.Now()
	for i, m := range mutants {
		r, ok := results[m.Key]
		if !ok {
			r = Result{Key: m.Key, Killers: b.Killers, Sources: b.Sources}
			if r.By, r.Reached, err = b.try(ctx, m.N); ctx.Err() != nil {
				fmt.Fprintln(progress)
				return results, nil
			} else if err != nil {
				return nil, err
			}
			tried++
			results[m.Key] = r
			if err := json.NewEncoder(out).Encode(r); err != nil {
				return nil, err
			}
		}
		if r.By != "" {
			caught++
		}
		left := time.Duration(0)
		if tried > 0 {
			left = time.Since(began) / time.Duration(tried) * time.Duration(len(mutants)-i-1)
		}
		fmt.Fprintf(progress, "\r%d of %d mutants, %.1f %% caught, %s left  ", i+1, len(mutants), 100*float64(caught)/float64(i+1), left.Round(time.Second))
	}
	fmt.Fprintln(progress)
	return results, out.Close()
}

// known reads the results that still hold.
func (b *Bench) known(file string) (map[string]Result, error) {
	results := map[string]Result{}
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return results, nil
	} else if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var r Result
		if json.Unmarshal(lines.Bytes(), &r) != nil {
			continue // the last line of a run that was killed
		}
		delete(results, r.Key)
		if r.Sources == b.Sources && (r.By != "" || r.Killers == b.Killers) {
			results[r.Key] = r
		}
	}
	return results, lines.Err()
}
