package storage

// Configure takes changed topic properties; they hold for what comes next. A
// bad configuration is refused whole and the old one stays.
func (l *Log) Configure(cfg LogConfig) error {
	if err := cfg.validate(); err != nil {
		return err
	}
	l.cfg = cfg
	l.tail.limit = cfg.TailBytes
	return nil
}
