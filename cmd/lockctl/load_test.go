package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// crowd is how many clients there are, and how much each of them asks: LOAD_CLIENTS, or so few that it takes a moment.
func crowd(t *testing.T) (clients, each int) {
	t.Helper()
	text := os.Getenv("LOAD_CLIENTS")
	if text == "" {
		return 40, 5
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n, 20
}

// createNamed asks for a code under an idempotency key, which is its name too.
func (s *served) createNamed(ctx context.Context, device, name string) error {
	body, err := json.Marshal(map[string]any{"device_id": device, "name": name})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://lockctl/access_codes/create", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Idempotency-Key", name)
	resp, err := s.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, text)
	}
	return err
}

// waited is how long requests waited for their answers.
type waited struct {
	mu  sync.Mutex
	all []time.Duration
}

func (w *waited) add(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = append(w.all, d)
}

// String tells the median, the 99th percentile and the longest.
func (w *waited) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.all) == 0 {
		return "for ever"
	}
	slices.Sort(w.all)
	at := func(q float64) time.Duration {
		return w.all[int(q*float64(len(w.all)-1))].Round(100 * time.Microsecond)
	}
	return fmt.Sprintf("%v, %v for one in a hundred, %v at most", at(.5), at(.99), at(1))
}

// never is an endpoint that takes posts and does not answer.
func never(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { c.Close() })
		}
	}()
	return "http://" + l.Addr().String()
}

// Many clients at once: some create, some read, some take what they asked for byte by byte and then not at all, some go away in
// the middle of a request. A webhook's endpoint never answers, and in the midst of it all the daemon is killed. Whoever was not
// answered asks again under the same key: in the end every code is there, and none twice.
func TestACrowdOfClientsAndAKill(t *testing.T) {
	clients, each := crowd(t)
	const locks = 100
	home := t.TempDir()
	configure(t, home, fmt.Sprintf("[[account]]\nid = \"h\"\nprovider = \"sim\"\nsettings = { locks = %d, model = \"native.keypad\" }\n", locks))
	s := startServe(t, home)
	s.logged("devices were put under management")
	if err := s.post("/webhooks/create", map[string]any{"url": never(t)}, nil); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(home, ".local", "share", "lockctl", "lockctl.sock")
	var made atomic.Int64
	half, again := make(chan struct{}), make(chan struct{})
	count := func() {
		if made.Add(1) == int64(clients*each/4) { // half of what will be made
			close(half)
		}
	}
	var waits waited
	create := func(i, n int) {
		name, device := fmt.Sprintf("guest-%d-%d", i, n), fmt.Sprintf("h-%03d", i%locks+1)
		asked := time.Now()
		if err := s.createNamed(t.Context(), device, name); err == nil {
			waits.add(time.Since(asked))
		} else {
			<-again
			if err := s.createNamed(t.Context(), device, name); err != nil {
				t.Errorf("%s, asked for again: %v", name, err)
				return
			}
		}
		count()
	}
	var all sync.WaitGroup
	for i := range clients {
		all.Go(func() {
			for n := range each {
				switch i % 4 {
				case 0:
					create(i, n)
				case 1:
					s.get(fmt.Sprintf("/access_codes/list?device_id=h-%03d", i%locks+1))
				case 2:
					ctx, away := context.WithCancel(t.Context())
					ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { away() }})
					if s.createNamed(ctx, fmt.Sprintf("h-%03d", i%locks+1), fmt.Sprintf("guest-%d-%d", i, n)) != nil {
						create(i, n) // nobody knows what became of it
					} else {
						count()
					}
				default:
					c, err := net.Dial("unix", socket)
					if err != nil {
						continue // it is being killed
					}
					t.Cleanup(func() { c.Close() })
					fmt.Fprintf(c, "GET /access_codes/list HTTP/1.1\r\nHost: lockctl\r\n\r\n")
					c.Read(make([]byte, 1))
				}
			}
		})
	}
	<-half
	s.kill()
	next := startServe(t, home)
	close(again)
	all.Wait()
	waiting := waits.String()
	for i := range clients {
		if i%4 != 0 && i%4 != 2 {
			continue
		}
		all.Go(func() {
			for n := range each {
				create(i, n) // once more, and nothing new comes of it
			}
		})
	}
	all.Wait()
	var got struct {
		Codes []struct {
			Name string `json:"name"`
		} `json:"access_codes"`
	}
	if err := next.post("/access_codes/list", map[string]any{}, &got); err != nil {
		t.Fatal(err)
	}
	times := map[string]int{}
	for _, c := range got.Codes {
		times[c.Name]++
	}
	for i := range clients {
		for n := range each {
			if name := fmt.Sprintf("guest-%d-%d", i, n); (i%4 == 0 || i%4 == 2) && times[name] != 1 {
				t.Errorf("%s is there %d times", name, times[name])
			}
		}
	}
	if most := float64(256 + clients); next.status("VmHWM:") > most {
		t.Errorf("the daemon held up to %.0f MiB, want at most %.0f", next.status("VmHWM:"), most)
	}
	t.Logf("%d codes of %d clients; a creation waited %v; the daemon held %.0f MiB, at most %.0f", len(got.Codes), clients, waiting, next.status("VmRSS:"), next.status("VmHWM:"))
	next.ends()
}
