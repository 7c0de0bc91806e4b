package tui

import "github.com/accesscodes/lockctl/engine"

// pager asks a host for the pages around a table's view, by their cursors. From the end of a long listing whose length and
// order the host knows it reads backwards in the reverse order, so that nothing in between is read.
type pager[R any] struct {
	query    engine.Query
	of       func(engine.Snapshot) []R
	ordered  bool     // the host sorts it, and counts all its rows; else its length is known at its end only
	size     int      // rows of a page
	starts   []string // the cursor of every page up to the furthest seen; starts[0] is ""
	page     int      // the first of the two pages held
	backward bool
	more     bool // there are rows beyond those that are counted
}

func newPager[R any](q engine.Query, ordered bool, of func(engine.Snapshot) []R) pager[R] {
	return pager[R]{query: q, of: of, ordered: ordered, size: pageRows, starts: []string{""}}
}

// pageRows is how many rows a page holds: more than any screen is high.
const pageRows = 200

// again begins with another query, at its first page.
func (p *pager[R]) again(q engine.Query) {
	p.query, p.starts, p.page, p.backward, p.more = q, []string{""}, 0, false, false
}

// aim chooses the pages for a view that begins at index first, and reports whether others than those held are needed.
func (p *pager[R]) aim(first, height, total int) bool {
	backward, page := p.backward, p.page
	switch {
	case first == 0:
		p.backward = false
	case p.ordered && total > 2*p.size && first+height >= total && (p.page+2 < total/p.size):
		p.backward = true
	}
	if p.backward != backward {
		p.starts, p.page = []string{""}, 0
		return true
	}
	distance := first
	if p.backward {
		distance = total - first - height
	}
	p.page = max(0, min(distance/p.size, len(p.starts)-1))
	return p.page != page
}

// queries are those of the pages to hold.
func (p *pager[R]) queries() []engine.Query {
	q := p.query
	q.Limit = p.size
	if p.backward {
		q.Sort = reversed(q.Sort)
	}
	var out []engine.Query
	for i := p.page; i < min(p.page+2, len(p.starts)); i++ {
		q.After = p.starts[i]
		out = append(out, q)
	}
	return out
}

// take joins the answers of queries into rows, the index of the first of them and the total. missing reports that the page
// after them exists and has not been asked for.
func (p *pager[R]) take(answers []engine.Snapshot) (rows []R, base, total int, missing bool) {
	p.more = false
	for i, a := range answers {
		rows = append(rows, p.of(a)...)
		total = a.Total
		at := p.page + i + 1
		p.starts = p.starts[:min(at, len(p.starts))]
		if p.more = a.Next != ""; !p.more {
			break
		}
		p.starts = append(p.starts, a.Next)
		missing = i == 0 && len(answers) == 1
	}
	base = p.page * p.size
	switch {
	case !p.ordered:
		total = base + len(rows)
	case p.backward:
		turned := make([]R, len(rows))
		for i, r := range rows {
			turned[len(rows)-1-i] = r
		}
		rows, base = turned, max(0, total-base-len(rows))
	}
	return rows, base, total, missing
}

func reversed(sort string) string {
	if sort != "" && sort[0] == '-' {
		return sort[1:]
	}
	return "-" + sort
}
