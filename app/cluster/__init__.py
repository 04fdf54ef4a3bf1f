"""Training on more than one machine: nodes that train, and a directory of who trains whom.

Only `app.cluster.on_ray` names Ray.
"""
