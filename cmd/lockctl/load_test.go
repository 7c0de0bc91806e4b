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
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
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
	create := func(i, n int) {
		name, device := fmt.Sprintf("guest-%d-%d", i, n), fmt.Sprintf("h-%03d", i%locks+1)
		if err := s.createNamed(t.Context(), device, name); err != nil {
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
	for i := range clients {
		if i%4 != 0 && i%4 != 2 {
			continue
		}
		for n := range each {
			create(i, n) // once more, and nothing new comes of it
		}
	}
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
	t.Logf("%d codes of %d clients, %.0f MiB resident", len(got.Codes), clients, next.status("VmRSS:"))
	next.ends()
}
