"""Training on more than one machine: nodes that train, and a directory of who trains whom.

Only `app.engines.cluster.ray_backend` names Ray.
"""
