"""Processes of the tool: recording, storing and evaluating meet here, for pytest and the command.

extensions, plugin_manager, plugin_hooks: plugins and what they add.
project, session_plan, selection, session, run_lifecycle, preload: a run, from its options to its end.
persist, maintenance, verification, checkpoints: a finalized run goes from the journal to the store; care of the store.
load_inputs, decision_sources, requirements_in_force, evaluate_project, history: the evaluation, now and in the past.
bundles, bundle_selection, derived_report, tracker_sync: export, import, and the tracker.
"""
