package main

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/accesscodes/lockctl/tui"
)

// logSize is when a log is put aside for a new one.
const logSize = 4 << 20

// openLog opens the log of the terminal interface, which must not write to the terminal. The one before stays beside it.
func (a *app) openLog() (*slog.Logger, func() error, error) {
	dir, err := a.stateDir()
	if err != nil {
		return nil, nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, err
	}
	path := filepath.Join(dir, "lockctl.log")
	if info, err := os.Stat(path); err == nil && info.Size() > logSize {
		if err := os.Rename(path, path+".old"); err != nil {
			return nil, nil, err
		}
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, err
	}
	return slog.New(slog.NewTextHandler(io.MultiWriter(f, &a.logged), nil)), f.Close, nil
}

// logKeeps is how many of the newest lines of the log are kept for whoever looks.
const logKeeps = 2000

// logbook keeps the newest lines of the log, for the terminal interface to read from another goroutine.
type logbook struct {
	mu    sync.Mutex
	last  int64
	lines []tui.LogLine
}

// Write takes one record, as slog writes it.
func (b *logbook) Write(record []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last++
	l := tui.LogLine{N: b.last, Text: strings.TrimSpace(string(record))}
	if stamp, rest, ok := strings.Cut(l.Text, " "); ok {
		if at, err := time.Parse(time.RFC3339, strings.TrimPrefix(stamp, "time=")); err == nil {
			l.At, l.Text = at, rest
		}
	}
	if level, rest, ok := strings.Cut(l.Text, " "); ok && strings.HasPrefix(level, "level=") {
		l.Level, l.Text = strings.TrimPrefix(level, "level="), strings.TrimPrefix(rest, "msg=")
	}
	b.lines = append(b.lines, l)
	if over := len(b.lines) - logKeeps; over > logKeeps/10 {
		b.lines = append([]tui.LogLine{}, b.lines[over:]...)
	}
	return len(record), nil
}

// after returns the lines after a number, oldest first.
func (b *logbook) after(n int64) []tui.LogLine {
	b.mu.Lock()
	defer b.mu.Unlock()
	fresh := int(min(b.last-n, int64(len(b.lines))))
	return append([]tui.LogLine{}, b.lines[len(b.lines)-fresh:]...)
}
