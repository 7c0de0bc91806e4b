package tui

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
)

// LogLine is something that the program itself has to say.
type LogLine struct {
	N     int64 // grows from line to line, from 1
	At    time.Time
	Level string // DEBUG, INFO, WARN or ERROR
	Text  string
}

// logs is the live tail of the program's own log.
type logs struct{ tail[LogLine] }

func newLogs(sh *shell, words string) *logs {
	l := &logs{tail[LogLine]{sh: sh, title: "Logs", words: words}}
	l.number = func(x LogLine) int64 { return x.N }
	l.at = func(x LogLine) time.Time { return x.At }
	l.text = func(x LogLine) string { return strings.ToLower(x.Level + " " + x.Text) }
	l.detail = func(x LogLine) line { return say(plain, x.Text) }
	l.table = table[LogLine]{id: func(x LogLine) string { return fmt.Sprint(x.N) }, columns: []column[LogLine]{
		{title: "TIME", width: 12, cell: func(x LogLine) line { return say(dim, x.At.In(sh.zone).Format("Mon 15:04:05")) }},
		{title: "LEVEL", width: 7, cell: func(x LogLine) line { return l.level(x.Level) }},
		{title: "", width: 20, flex: 1, cell: func(x LogLine) line { return say(plain, x.Text) }},
	}}
	return l
}

func (l *logs) level(name string) line {
	s := l.sh.style
	switch name {
	case "ERROR":
		return say(bad, s.bad+" error")
	case "WARN":
		return say(warn, s.warn+" warn")
	}
	return say(dim, s.dot+" "+strings.ToLower(name))
}

func (l *logs) request() request { return request{to: l, log: true, after: l.last} }

func (l *logs) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case answer:
		return l.take(msg.log)
	case tea.KeyMsg:
		if !l.press(msg) && key.Matches(msg, l.sh.keys.export) {
			rows := [][]string{{"time", "level", "text"}}
			for _, x := range l.table.rows {
				rows = append(rows, []string{instant(x.At), x.Level, x.Text})
			}
			return l.sh.export("logs", rows)
		}
	}
	return nil
}
