namespace MetaAdsJobs.Tests.Simulation;

/// <summary>The machine's clock of one simulated process: its time of day may be off by minutes, its counter is steady.</summary>
internal sealed class SimTime(Clockwork clockwork, SimProcess process) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => clockwork.Now + process.ClockOffset;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => clockwork.Now.Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new SimTimer(clockwork, process, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class SimTimer(Clockwork clockwork, SimProcess process, TimerCallback callback, object? state) : ITimer
    {
        // A delay is somebody's wait; a cancellation's timer is not: what it cancels waits for something else.
        private readonly bool _isDelay = state is Task;
        private Activity? _activity;
        private Due? _due;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (_due is not null) clockwork.Forget(_due);
            if (dueTime == Timeout.InfiniteTimeSpan) return true;
            _activity = clockwork.Caller!;
            // The renewal of a lease begins so: as a flow of its own, in the midst of its run.
            if (_isDelay && !_activity.IsBackground && dueTime == process.RenewalInterval)
            {
                var renewal = new Activity(process, $"{_activity.Name}, lease", isBackground: true) { Of = _activity };
                _activity.Background.Add(renewal);
                _activity = renewal;
            }

            if (process.IsDead)
            {
                if (_isDelay) clockwork.Rests(_activity, null);
                return true;
            }

            _due = clockwork.Plan(dueTime > TimeSpan.Zero ? dueTime : TimeSpan.Zero, _activity, process, _isDelay ? "delay" : "time-out", Fire);
            if (_isDelay) clockwork.Rests(_activity, _due);
            return true;
        }

        private void Fire()
        {
            if (_isDelay) clockwork.Resume(_activity!);
            clockwork.Fire(() =>
            {
                // A renewal's flow begins without one.
                if (_activity is { IsBackground: true }) Clockwork.Mine.Value = _activity;
                callback(state);
            });
        }

        public void Dispose()
        {
            if (_due is null || !clockwork.Forget(_due)) return;
            // Cancelled: whoever waited for it goes on, unless he has come to wait for something else since.
            if (_isDelay && !_activity!.IsBackground && _activity.Waits == _due) clockwork.Resume(_activity);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
