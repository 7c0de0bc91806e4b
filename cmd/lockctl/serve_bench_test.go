package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// BenchmarkServe builds, through the API, a daemon's store of 10 000 devices and 100 000 codes, ends the daemon in order, and
// starts it again: what counts is the time until it says that it is ready, and the memory that it then holds, at once and after
// half a minute. The locks are simulated by the same process, and their memory is counted along.
func BenchmarkServe(b *testing.B) {
	const locks, each, hands = 10_000, 10, 64
	home := b.TempDir()
	configure(b, home, fmt.Sprintf("[[account]]\nid = \"h\"\nprovider = \"sim\"\nsettings = { locks = %d, model = \"native.keypad\" }\n", locks))
	s := startServe(b, home)
	s.logged("devices were put under management")
	starts := time.Now().Add(30 * 24 * time.Hour).UTC().Truncate(time.Hour)
	var all sync.WaitGroup
	began := time.Now()
	for hand := range hands {
		all.Go(func() {
			for i := hand; i < locks; i += hands {
				for n := range each {
					from := starts.Add(time.Duration(n) * 24 * time.Hour)
					if err := s.post("/access_codes/create", map[string]any{
						"device_id": fmt.Sprintf("h-%05d", i+1), "name": "Guest", "starts_at": from.Format(time.RFC3339), "ends_at": from.Add(20 * time.Hour).Format(time.RFC3339),
					}, nil); err != nil {
						b.Error(err)
						return
					}
				}
			}
		})
	}
	all.Wait()
	rate := locks * each / time.Since(began).Seconds()
	s.ends()
	for b.Loop() {
		began := time.Now()
		s = startServe(b, home)
		b.ReportMetric(time.Since(began).Seconds(), "s-to-ready")
		b.ReportMetric(s.status("RssAnon:"), "MiB-anon-ready")
		<-time.After(30 * time.Second)
		b.ReportMetric(s.status("RssAnon:"), "MiB-anon")
		b.ReportMetric(s.status("VmRSS:"), "MiB-RSS")
		s.ends()
	}
	b.ReportMetric(rate, "creations/s")
	b.ReportMetric(0, "ns/op")
}

// status is a figure of the daemon's memory, in MiB.
func (s *served) status(name string) float64 {
	s.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == name {
			n, err := strconv.Atoi(f[1])
			if err != nil {
				s.t.Fatal(err)
			}
			return float64(n) / 1024
		}
	}
	return 0
}
