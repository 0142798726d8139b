"""Why nothing leaves right now: circuits, the send gate, recoveries, clocks in doubt."""
