package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	rivalLocks = 1000
	rivalHands = 64   // connections
	rivalTimes = 3000 // creations that are measured: few enough that there are still about as many codes at their end
	rivalLists = 3 * time.Second
)

// target is a server of the compatible API that is measured, over connections that cost the client little: it shares the
// processors with what it measures.
type target struct {
	b    *testing.B
	addr string
	key  string
	idle chan *line
}

// line is a connection that carries one request at a time.
type line struct {
	net.Conn
	in *bufio.Reader
}

func newTarget(b *testing.B, addr, key string) *target {
	return &target{b: b, addr: addr, key: key, idle: make(chan *line, 256)}
}

// line is a connection without a request: one that waits, else a new one.
func (x *target) line() (*line, error) {
	select {
	case l := <-x.idle:
		return l, nil
	default:
	}
	c, err := net.Dial("tcp", x.addr)
	if err != nil {
		return nil, err
	}
	x.b.Cleanup(func() { c.Close() })
	return &line{c, bufio.NewReader(c)}, nil
}

// hangUp ends the connections that wait, before the server tires of them.
func (x *target) hangUp() {
	for range len(x.idle) {
		(<-x.idle).Close()
	}
}

// post makes a request that must succeed.
func (x *target) post(path, body string) bool {
	status, text, err := x.ask(path, body)
	if err != nil || status != http.StatusOK {
		x.b.Errorf("%s: %d, %v: %s", path, status, err, text)
		return false
	}
	return true
}

// ask makes a request and reads its whole answer.
func (x *target) ask(path, body string) (status int, text []byte, err error) {
	l, err := x.line()
	if err != nil {
		return 0, nil, err
	}
	if _, err := fmt.Fprintf(l, "POST %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		path, x.addr, x.key, len(body), body); err != nil {
		return 0, nil, err
	}
	resp, err := http.ReadResponse(l.in, nil)
	if err != nil {
		return 0, nil, err
	}
	if text, err = io.ReadAll(resp.Body); err != nil {
		return 0, nil, err
	}
	select {
	case x.idle <- l:
	default:
		l.Close()
	}
	return resp.StatusCode, text, nil
}

// create makes the nth code: time-bound, a month away, so that nothing goes to a lock meanwhile.
func (x *target) create(n, locks int) bool {
	from := time.Now().Add(30*24*time.Hour + time.Duration(n/locks)*24*time.Hour).UTC().Truncate(time.Hour)
	return x.post("/access_codes/create", fmt.Sprintf(`{"device_id":"h-%0*d","name":"Guest","starts_at":%q,"ends_at":%q}`,
		len(strconv.Itoa(locks)), n%locks+1, from.Format(time.RFC3339), from.Add(20*time.Hour).Format(time.RFC3339)))
}

// rate is how many times a second hands do something: so many times, or for as long as it may take.
func rate(hands, times int, most time.Duration, do func(n int) bool) float64 {
	var next, done atomic.Int64
	var all sync.WaitGroup
	began := time.Now()
	for range hands {
		all.Go(func() {
			for time.Since(began) < most {
				n := int(next.Add(1) - 1)
				if n >= times || !do(n) {
					return
				}
				done.Add(1)
			}
		})
	}
	all.Wait()
	return float64(done.Load()) / time.Since(began).Seconds()
}

// fill makes the first codes.
func (x *target) fill(codes int) {
	var all sync.WaitGroup
	for hand := range rivalHands {
		all.Go(func() {
			for n := hand; n < codes && x.create(n, rivalLocks); n += rivalHands {
			}
		})
	}
	all.Wait()
}

// BenchmarkBesideTheFake measures lockctl serve, which keeps what it acknowledges and schedules it, and the in-memory fake of
// the hosted API, which does neither, one after the other through the same client: lists of one lock, and creations, spread
// over a thousand locks, when so many codes are there already. Without Node, or without npm ci in scripts/rival, ours alone.
func BenchmarkBesideTheFake(b *testing.B) {
	for _, codes := range []int{100, 10_000} {
		b.Run(fmt.Sprintf("codes=%d", codes), func(b *testing.B) {
			for b.Loop() {
				ours, lists := measure(b, ourServer(b, rivalLocks), codes)
				b.ReportMetric(ours, "creations/s")
				b.ReportMetric(lists, "lists/s")
				x := fakeServer(b)
				if x == nil {
					b.Log("the fake is not installed: it was not measured")
					continue
				}
				theirs, fakeLists := measure(b, x, codes)
				b.ReportMetric(theirs, "fake-creations/s")
				b.ReportMetric(fakeLists, "fake-lists/s")
				b.ReportMetric(ours/theirs, "times")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

func measure(b *testing.B, x *target, codes int) (creations, lists float64) {
	x.fill(codes)
	x.hangUp()
	lists = rate(8, math.MaxInt, rivalLists, func(n int) bool {
		return x.post("/access_codes/list", fmt.Sprintf(`{"device_id":"h-%04d"}`, n%rivalLocks+1))
	})
	x.hangUp()
	creations = rate(rivalHands, rivalTimes, time.Minute, func(n int) bool { return x.create(codes+n, rivalLocks) })
	return creations, lists
}

// freePort is one where nobody listens.
func freePort(b testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// ourServer is lockctl serve over so many simulated locks, on TCP, with a key and without the limits per device.
func ourServer(b *testing.B, locks int) *target {
	home, addr := b.TempDir(), freePort(b)
	configure(b, home, fmt.Sprintf("[[account]]\nid = \"h\"\nprovider = \"sim\"\nsettings = { locks = %d, model = \"native.keypad\" }\n", locks))
	s := startServe(b, home, "--listen", addr, "--unlimited")
	s.logged("devices were put under management")
	var made struct {
		Key apiKey `json:"api_key"`
	}
	if err := s.post("/v1/keys/create", map[string]any{"name": "bench", "scopes": []string{"read", "write", "pins"}}, &made); err != nil {
		b.Fatal(err)
	}
	return newTarget(b, addr, made.Key.Token)
}

// fakeServer is the fake with as many locks; nil where it can't be started.
func fakeServer(b *testing.B) *target {
	node, err := exec.LookPath("node")
	if err != nil {
		return nil
	}
	dir, err := filepath.Abs("../../scripts/rival")
	if err != nil {
		b.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err != nil {
		return nil
	}
	addr := freePort(b)
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(node, "server.mjs", port, strconv.Itoa(rivalLocks))
	cmd.Dir = dir
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		in.Close()
		cmd.Process.Kill()
		cmd.Wait()
	})
	token, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatalf("the fake ended: %v: %s", err, complaints.String())
	}
	return newTarget(b, net.JoinHostPort("localhost", port), strings.TrimSpace(token))
}
