"""What people look at: videos, figures, the HTML report and the terminal table.

Nothing here needs mmengine or torch.
"""
