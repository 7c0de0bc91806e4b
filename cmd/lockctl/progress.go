package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/mattn/go-isatty"
)

// progress tells a terminal how far long work is, some times a second; elsewhere it is silent.
type progress struct {
	a    *app
	what string
	next time.Time
	said bool
}

// progressEvery is how often it tells.
const progressEvery = 200 * time.Millisecond

func (p *progress) told(n int) {
	f, ok := p.a.io.err.(*os.File)
	if now := time.Now(); !ok || now.Before(p.next) || !isatty.IsTerminal(f.Fd()) {
		return
	} else {
		p.next = now.Add(progressEvery)
	}
	p.said = true
	fmt.Fprintf(f, "\r%d %s …", n, p.what)
}

// done takes the line away.
func (p *progress) done() {
	if p.said {
		fmt.Fprint(p.a.io.err, "\r\x1b[K")
		p.said = false
	}
}

// counter counts what is written and tells of it.
type counter struct {
	w io.Writer
	n int64
	progress
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	c.told(int(c.n >> 10))
	return n, err
}
