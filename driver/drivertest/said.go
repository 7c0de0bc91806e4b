package drivertest

import (
	"io"
	"net/http"
	"strings"
)

// Said is a vendor that gives every request the same answer, on a socket or as the transport of a client.
type Said struct {
	Status int               // 0: 200
	Body   string            // as it travels
	Others map[string]string // bodies of what is answered with 200 all the same, such as a login, by "METHOD /path"
}

func (s Said) to(r *http.Request) (status int, body string) {
	if other, ok := s.Others[r.Method+" "+r.URL.Path]; ok {
		return http.StatusOK, other
	}
	if s.Status == 0 {
		return http.StatusOK, s.Body
	}
	return s.Status, s.Body
}

// ServeHTTP implements http.Handler.
func (s Said) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	status, body := s.to(r)
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body) // whoever has read enough leaves
}

// RoundTrip implements http.RoundTripper.
func (s Said) RoundTrip(r *http.Request) (*http.Response, error) {
	status, body := s.to(r)
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}
